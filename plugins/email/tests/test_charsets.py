import pytest

from helpdesk_email.reading import Mail, read_mail
from helpdesk_email.reading.charsets import decode_text, decode_undeclared


@pytest.mark.parametrize(
    ("declared", "codec", "text"),
    [
        ("gb2312", "gb18030", "你好，碁"),
        ("GB2312", "gbk", "朱镕基"),
        ("iso-8859-1", "cp1252", "“Grüße” – 5 €"),
        ("ks_c_5601-1987", "cp949", "똠방각하"),
        ("shift_jis", "cp932", "①高橋髙"),
        ("koi8-r", "koi8-r", "Привет"),
        ("windows-1251", "cp1251", "Привет"),
        ("win-1251", "cp1251", "Привет"),
        ("big5", "cp950", "您好"),
        ("iso-2022-jp", "iso2022_jp", "こんにちは"),
        ("utf8", "utf-8", "Grüße ✔"),
        ("cp-850", "cp850", "Grüße"),
        ("iso-8859-8-i", "iso8859-8", "שלום"),
        ('"utf-8"', "utf-8", "Grüße"),
        ("charset=utf-8", "utf-8", "Grüße"),
    ],
)
def test_a_declared_charset_is_read_as_its_superset(declared: str, codec: str, text: str) -> None:
    assert decode_text(text.encode(codec), declared) == text


@pytest.mark.parametrize("declared", ["us-ascii", "iso-8859-1", "x-unknown", "", None, "no-such-thing", "\0"])
def test_utf_8_is_recognised_under_a_wrong_label(declared: str | None) -> None:
    assert decode_text("Für Jürgen: ✔".encode(), declared) == "Für Jürgen: ✔"


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("koi8-r", "Добрый день! Не работает почта."),
        ("cp1251", "Добрый день! Не работает почта."),
        ("koi8-r", "тест"),
        ("cp1251", "Ошибка"),
        ("gb18030", "你好，我的订单有问题，请帮忙"),
        ("shift_jis", "こんにちは。注文について質問があります。"),
        ("euc-kr", "안녕하세요. 주문에 문제가 있습니다"),
        ("cp1250", "Dobrý den, nefunguje mi přihlášení, děkuji"),
    ],
)
def test_a_missing_charset_is_detected(codec: str, text: str) -> None:
    assert decode_text(text.encode(codec)) == text


def test_a_broken_character_does_not_spoil_the_rest_of_a_utf_8_text() -> None:
    assert decode_text("prosazuje lepší řešení".encode() + b"\xc5", "utf-8").startswith("prosazuje lepší řešení")


def test_japanese_vendor_characters_are_read_although_the_charset_lacks_them() -> None:
    assert decode_text(b"\x1b$B-!\x1b(B", "iso-2022-jp") == "①"


@pytest.mark.parametrize("declared", ["idna", "punycode", "undefined", "hex", "rot13", "unicode_escape", "mbcs"])
def test_codecs_that_are_no_charsets_are_never_used(declared: str) -> None:
    assert decode_text(b"xn--caf-dma \\u0041", declared) == "xn--caf-dma \\u0041"


def test_text_is_composed_and_has_no_nul() -> None:
    assert decode_text("e\u0301\0\ufeff".encode(), "utf-8") == "é"


def test_lone_surrogates_are_replaced_so_that_text_can_be_stored() -> None:
    decode_text(b"+2AA-", "utf-7").encode("utf-8")


def mail_in(codec: str, subject: str, text: str, name: str, declared: str = "") -> Mail:
    """Read a mail whose sender, subject, text and file name are raw bytes."""
    lines = (
        "From: Олена Петрова <elena@example.net>",
        f"Subject: {subject}",
        "Content-Type: multipart/mixed; boundary=b",
        "",
        f"--b\r\nContent-Type: text/plain{declared}\r\n\r\n{text}",
        f'--b\r\nContent-Type: application/pdf; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"',
        "",
        "AAA\r\n--b--",
    )
    return read_mail("\r\n".join(lines).encode(codec))


@pytest.mark.parametrize("declared", ["", "; charset=us-ascii", "; charset=x-nonsense", "; charset={codec}"])
@pytest.mark.parametrize("codec", ["cp1251", "koi8-r"])
@pytest.mark.parametrize(
    ("subject", "text", "name"),
    [
        ("Счёт", "Добрый день, документы во вложении, как просили", "Акт №5.pdf"),
        ("Re: не работает почта", "Да, как", "Счёт.pdf"),
    ],
)
def test_texts_of_a_mail_tell_each_other_s_charset(
    codec: str, declared: str, subject: str, text: str, name: str
) -> None:
    name = name if codec == "cp1251" else name.replace("№", "")
    mail = mail_in(codec, subject, text, name, declared.format(codec=codec))

    assert (mail.subject, mail.text.strip()) == (subject, text)
    assert [each.name for each in mail.attachments] == [name]
    assert mail.from_ is not None
    assert mail.from_.name == "Олена Петрова"


def test_a_raw_name_in_utf_8_is_not_read_in_the_charset_of_the_text() -> None:
    text = b"Content-Type: text/plain; charset=windows-1251\r\n\r\n" + "Смотрите файл".encode("cp1251")
    file = 'Content-Disposition: attachment; filename="Счёт.pdf"\r\n\r\nAAA'.encode()
    mail = read_mail(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n%b\r\n--b\r\n%b\r\n--b--" % (text, file))

    assert mail.text.strip() == "Смотрите файл"
    assert [each.name for each in mail.attachments] == ["Счёт.pdf"]


@pytest.mark.parametrize("declared", ["windows-1251", "koi8-r"])
def test_utf_8_under_the_label_of_a_russian_charset_is_recognised(declared: str) -> None:
    assert decode_text("Счёт".encode(), declared) == "Счёт"


def test_ukrainian_is_detected_in_its_koi8() -> None:
    text = "Допоможіть, будь ласка, її ще немає"

    assert decode_text(text.encode("koi8-u")) == text


@pytest.mark.parametrize("text", ["Ні.", "ні", "Її", "№ 5, так", "Ґ"])
@pytest.mark.parametrize("declared", ["windows-1251", "koi8-u"])
def test_short_words_under_a_right_label_are_not_taken_for_utf_8(declared: str, text: str) -> None:
    data = text.replace("№", "N").encode(declared) if declared == "koi8-u" else text.encode(declared)

    assert decode_text(data, declared) == data.decode(declared)


def test_utf_8_with_a_little_damage_is_not_read_in_the_charset_of_the_rest() -> None:
    cut = "Счёт за ноябрь, письмо второе"[:-1].encode() + b"\xd0"

    assert decode_undeclared(cut, "windows-1251").startswith("Счёт за ноябрь, письмо второ")
    assert decode_undeclared("Счёт".encode("cp1251"), "windows-1251") == "Счёт"


def test_a_long_text_in_utf_8_hides_no_charset_of_a_name() -> None:
    body = ("я" + "щ" * 30_000).encode()
    named = 'Content-Disposition: attachment; filename="Счёт.pdf"\r\n\r\nAAA'.encode("cp1251")
    text = b"Content-Type: text/plain\r\n\r\nx" + body
    mail = read_mail(
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n%b\r\n--b\r\n%b\r\n--b--" % (text, named)
    )

    assert mail.text.strip() == "x" + body.decode()
    assert [each.name for each in mail.attachments] == ["Счёт.pdf"]
