"""The words mail programs put above quotes, in the languages of the people who write to a desk."""

from __future__ import annotations

import re

# Header labels of a quoted mail, by what they say. Compared in lower case, without decoration.
LABELS: dict[str, str] = {}
for _kind, _words in {
    "from": (
        "from|von|de|da|van|od|от|від|от кого|från|fra|lähettäjä"
        "|kimden|gönderen|发件人|寄件者|寄件人|差出人|送信元|送信者|보낸 사람|feladó"
        "|expéditeur|remitente|mittente|afzender|nadawca|odesílatel|odosielateľ|pošiljatelj|šalje|από|saatja"
        "|no|nuo|de la|avsändare|frá"
    ),
    "date": (
        "sent|date|gesendet|gesendet am|datum|envoyé|envoyé le|date d'envoi|enviado|enviado el|enviado em"
        "|enviada|enviada em|fecha|inviato|data"
        "|inviata|verzonden|verzonden op|отправлено|дата|надіслано|відправлено|дата відправки|wysłano"
        "|wysłane|data wysłania|poslano|odesláno|odoslané"
        "|skickat|sendt|dato|lähetetty|päivämäärä|gönderildi|gönderilme|tarih|发送时间|发送日期|日期|時間|寄件日期|傳送時間|送信日時|日時|日付"
        "|보낸 날짜|날짜|elküldve|küldve|dátum|trimis|ημερομηνία|poslané|sent on|sent at"
    ),
    "to": (
        "to|an|à|a|para|aan|кому|до|do|komu|till|til"
        "|vastaanottaja|kime|alıcı|收件人|收件者|宛先|받는 사람|címzett|prima"
        "|za|προς|către|pour"
        "|destinataire|destinatario|destinatário|empfänger|adresát|primatelj"
    ),
    "subject": (
        "subject|betreff|objet|asunto|oggetto|assunto|onderwerp|тема|temat|předmět|predmet|ämne|emne|aihe"
        "|konu|主题|主旨|件名|题目|제목|tárgy"
        "|naslov|θέμα|subiect|teema"
    ),
    "other": (
        "cc|kopie|копия|копія|kopia|kopija|reply-to|reply to|risposta|rispondi a|répondre à|importance"
        "|priority|attachments|bcc|抄送|副本|másolat"
        "|antwort an|responder a|wichtigkeit|dw|udw|on behalf of|organization"
    ),
}.items():
    LABELS.update(dict.fromkeys(_words.split("|"), _kind))

HEADER_LINE = re.compile(r"^[\s>*_|]*(?P<label>[^\W\d_][^:：\n*_]{0,24}?)[\s*_]*[:：][*_]*\s*(?P<value>.*)$")

VERB = re.compile(
    r"\b(?:wrote|writes|has written|schrieb|geschrieben|schreef|geschreven|a écrit|escribió|escribio"
    r"|ha escrito|ha scritto|scrisse|escreveu"
    r"|skrev|skrifaði|napisał(?:\(?a\)?)?|pisze|написал(?:\(?а\)?)?|пишет|писал(?:\(?а\)?|и)?|написав"
    r"|написала|пише|написа|napsal(?:\(?a\)?)?"
    r"|napísal(?:\(?a\)?)?|napisao|napisala|je napisao|piše|írta|kirjoitti|yazdı|a scris|έγραψε|написао"
    r"|parašė|rakstīja|kirjutas|viết|va escriure)\b"
    r"|写道|寫道|写到|書きました|のメッセージ|님이 작성|作成|写了",
    re.IGNORECASE,
)

# With what a line ends that holds such a verb last, for a test without regular expressions.
VERB_ENDS: tuple[str, ...] = (
    "wrote",
    "writes",
    "schrieb",
    "geschrieben",
    "schreef",
    "écrit",
    "escribió",
    "scritto",
    "escreveu",
    "skrev",
    "napisał",
    "napisała",
)
VERB_ENDS += (
    "написал",
    "написал(а)",
    "написала",
    "пишет",
    "писал",
    "написав",
    "пише",
    "napsal",
    "napsal(a)",
    "napisao",
    "kirjoitti",
    "írta",
    "yazdı",
    "写道",
    "寫道",
)

_WEEKDAY = (
    r"(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim|mié|jue|vie|sáb|sab"
    r"|dom|seg|ter|qua|qui|sex|gio|ma|wo|vr|za|zo"
    r"|понед\w+|вторн|сред|четв|пятн|субб|воскр|вівт|серед|п.ятн|субот|неділ|пн|вт|ср|чт|пт|сб|вс|нд|pon|wt|śr|czw|pt|sob|niedz|po|út|st|čt|pá|ne|uto|sri|čet|pet|ned|man|tir"
    r"|ons|tor|fre|lør|søn|mån|tis|tors|lör|sön"
    r"|ke|pe|la|su|pzt|sal|çar|per|cum|cmt|paz)(?:[a-zа-яёіїáéíóúčřšžäöüß]{0,9})"
)

# What an attribution starts with: a word for "on", a weekday, a date or a time.
OPENER = re.compile(
    r"^[\s>|]*(?:-{1,10}\s*)?(?:"
    r"(?:on|at|am|le|el|il|em|no dia|op|den|dne|dňa|dana|w dniu|dnia|в|во|från|på|kl|u|in|quoting"
    r"|zitat von|citando|στις|la|la data|pada|vào|em|tarihinde"
    r"|вы писали|ви писали|quoth|from|mensaje|a las|il giorno|ngày|pe)\b"
    rf"|(?:{_WEEKDAY})[\s.,]"
    r"|\d{1,4}[./年-]|\d{1,2}[:.]\d{2}|\d{1,2}\.?\s+\w|[在于於]|\d{4}"
    r")",
    re.IGNORECASE,
)

DATE = re.compile(
    r"\d{1,4}[./-]\s?\d{1,2}[./-]\s?\d{1,4}|\d{1,2}:\d{2}|\d{1,2}\.\d{2}\b|\b(?:19|20)\d{2}\b|\d{4}\s?年|\d{1,2}\s?月"
    r"|\b\d{1,2}\.?\s+\w{3,9}\.?\b|\b[A-Za-zА-Яа-я]{3,9}\.?\s+\d{1,2}\b"
)

ADDRESS = re.compile(r"[\w.+'=/&-]{1,128}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,10}")

_ORIGINAL = (
    r"(?:original|forwarded|reply) (?:message|mail|e-?mail|appointment|text)|original-?nachricht"
    r"|ursprüngliche (?:nachricht|mitteilung|e-mail)"
    r"|weitergeleitete (?:nachricht|mail|e-mail)|message (?:d[’'´]origine|original|transféré|initial"
    r"|transmis)|e-mail d[’'´]origine|courriel original"
    r"|mensaje (?:original|reenviado)|messaggio (?:originale|inoltrato)|mensagem (?:original|encaminhada|reencaminhada)"
    r"|oorspronkelijk(?:e)? (?:bericht|e-mail)|origineel bericht|doorgestuurd bericht|исходное сообщение"
    r"|оригинальное сообщение"
    r"|пересылаемое сообщение|пересланное сообщение|пересылаемое письмо|исходное письмо"
    r"|перенаправленное сообщение|переслане повідомлення"
    r"|вихідне повідомлення|оригінальне повідомлення|початкове повідомлення|wiadomość (?:oryginalna"
    r"|przekazana)|oryginalna wiadomość|wiadomość przesłana dalej"
    r"|přeposlaná zpráva|původní (?:zpráva|e-mail)|pôvodná správa|izvorna poruka|originalna poruka"
    r"|proslijeđena poruka|prosljeđena poruka"
    r"|ursprungligt meddelande|originalmeddelande|vidarebefordrat meddelande|opprinnelig melding"
    r"|videresendt (?:melding|meddelelse)"
    r"|oprindelig meddelelse|alkuperäinen viesti|eredeti üzenet"
    r"|orijinal mesaj|mesaj original|原始邮件|邮件原件|转发邮件|转发的邮件|轉寄郵件"
    r"|原始郵件|元のメッセージ|元のメール|転送されたメッセージ|원본 메시지|αρχικό μήνυμα"
)
# The words of a separator line, once the dashes around them are gone.
SEPARATOR_WORDS = re.compile(rf"(?:{_ORIGINAL})\b.{{0,60}}", re.IGNORECASE)
FORWARD = re.compile(
    r"^[\s>*-]*(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-mail)"
    r"|début du message (?:réexpédié|transféré)"
    r"|inicio del mensaje reenviado|inizio messaggio inoltrato|início da mensagem (?:reencaminhada"
    r"|encaminhada)|begin doorgestuurd bericht"
    r"|начало переадресованного сообщения|початок переадресованого повідомлення"
    r"|początek przekazanej wiadomości|začátek přeposlané zprávy"
    r"|vidarebefordrat brev|forwarded message|以下是转发的邮件|開始轉寄郵件|転送されたメッセージ)\s*[:：]?\s*-*$",
    re.IGNORECASE,
)
FORWARDED = re.compile(
    r"forward|weitergeleitet|transf|transmis|reenviad|inoltrat|encaminhad|doorgestuurd|пересл|пересыл"
    r"|перенаправ|przek|přeposl|proslij|转发|轉寄|転送",
    re.IGNORECASE,
)
ABOVE_LINE = re.compile(
    r"^[^\w\n]{0,40}(?:please )?(?:type your |write your |enter your )?(?:reply|respond|replies"
    r"|antwort\w*|répon\w+|risposta|respuesta|ответ\w*)[^\n]{0,20}"
    r"\b(?:above|oberhalb|au-dessus|sopra|encima|выше)\b[^\n]{0,30}\b(?:line|linie|zeile|ligne|riga|línea"
    r"|линии|черты)\b[^\n]{0,20}$",
    re.IGNORECASE,
)

SENT_FROM = re.compile(
    r"^[\s*_>-]{0,4}(?:(?:sent|posted) (?:from|via|with|using) (?:my|mail|outlook|yahoo|samsung|the |a "
    r"|proton|gmail|mobile|blackberry|iphone|windows|nine|tutanota|aqua|spark|fairemail)"
    r"|get outlook for|download outlook for|sent by|von meinem|gesendet (?:von|mit|via|aus)"
    r"|diese nachricht wurde von mein\w+ (?:android|iphone|handy)|envoyé (?:de|depuis|à partir|avec|via)"
    r"|télécharger outlook|enviado (?:desde|do|de|com|a partir|via|con)|obtener outlook|obter o outlook"
    r"|inviato (?:da|dal|con)|scarica outlook|verzonden (?:vanaf|met|via|vanuit)|verstuurd vanaf"
    r"|отправлено (?:с|из|через|от)|отправлено моим|надіслано (?:з|із|через)|відправлено (?:з|із)"
    r"|wysłan[eo] (?:z|ze)"
    r"|odesláno z|odoslané z|poslano (?:s|sa|iz|z)|sendt fra|skickat från|lähetetty|gönderil\w+ iphone"
    r"|iphone['’]umdan|从我的|发自我?的?|來自我的|自我的|iphoneから送信"
    r"|iphone から送信|androidから|나의 |trimis (?:de|din))",
    re.IGNORECASE,
)
_CLOSING_WORDS = (
    "regards|best regards|kind regards|kindest regards|warm regards|with regards|best wishes|sincerely"
    "|yours sincerely|yours faithfully|yours truly|cheers"
    "|many thanks|mit freundlichen grüßen|mit freundlichem gruß|freundliche grüße|viele grüße"
    "|beste grüße|mfg|liebe grüße|cordialement|bien cordialement"
    "|bien à vous|salutations|meilleures salutations|saludos|un saludo|saludos cordiales|atentamente"
    "|cordiali saluti|distinti saluti|saluti"
    "|atenciosamente|cumprimentos|met vriendelijke groet|met vriendelijke groeten|groeten|с уважением"
    "|с наилучшими пожеланиями|з повагою|з найкращими побажаннями"
    "|pozdrawiam|z poważaniem|s pozdravem|s úctou|s poštovanjem|lijep pozdrav|srdačan pozdrav"
    "|med vänliga hälsningar|med vennlig hilsen|mvh"
)
CLOSING = re.compile(rf"^(?:{_CLOSING_WORDS})\s*[,.!]*\s*$", re.IGNORECASE)
