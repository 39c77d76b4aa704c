import pytest

from helpdesk_email.reading.charsets import decode_text


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
