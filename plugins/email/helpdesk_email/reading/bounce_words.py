"""What mail systems write when they could not deliver a mail: subjects, sentences, reasons."""

from __future__ import annotations

import re

from .sentences import lazy

DAEMON = re.compile(
    r"^(?:mailer[-_.]?daemon|mail[-_.]?daemon|mdaemon|postmaster|mail[-_.]?delivery|mailerdaemon"
    r"|mail[-_.]?system|mail[-_.]?administrator|bounces?|smtp[-_.]?gateway"
    r"|e?mail[-_.]?admin|mmdf|ms[-_.]?mail|mailmaster|post_office|amavisd?(?:-new)?|maildelivery\w*"
    r"|[a-z0-9_-]*mail(?:er)?[-_.]?daemon|double-bounce"
    r"|.*(?:smtp_mail_service|_gateways?)|no[-_.]?reply.*bounce|microsoftexchange[0-9a-f]{20,}.*)@",
    re.IGNORECASE,
)
DAEMON_NAME = re.compile(
    r"mail deliver|mailer[- ]daemon|postmaster|mail administrator|system administrator"
    r"|internet mail delivery|mail system|delivery (?:sub)?system"
    r"|delivery service|mail gateway|mail server|virus ?scan|content[- ]filter",
    re.IGNORECASE,
)

SUBJECT = re.compile(
    r"undeliver(?:ed|able)|not delivered|non[- ]?(?:remis|deliver)|could(?: not|n'?t) be (?:delivered"
    r"|sent)|deliver(?:y|ies)? (?:\w+ ){0,3}(?:fail|error|problem|delay|suspend)"
    r"|failed (?:delivery|mail|to deliver)|(?:mail|message) (?:\w+ ){0,3}(?:failure|failed|error"
    r"|returned)|returned (?:mail|e-?mail|message|to sender)|failure (?:notice|notification|delivery)"
    r"|delivery status notif|delivery (?:notification|report|notice|status)|status of (?:your )?delivery"
    r"|notification d'état|unable to deliver|can(?:not|'t) (?:be )?deliver"
    r"|(?:warning|message|mail)[: ].{0,40}delay|delayed (?:mail|message|delivery)|user unknown"
    r"|unknown (?:user|recipient|address)|no such user|address not found|bounce notif|bounced? (?:mail"
    r"|message)"
    r"|rejected (?:mail|message|posting)|(?:mail|message) (?:was )?(?:rejected|blocked|refused)"
    r"|mailbox (?:is )?(?:full|unavailable|exceed)|mail system error|nondeliverable|delivery has failed"
    r"|mail error|mail transaction failed"
    r"|mail transport|processing error|permanent error|smtp error|mail could not|message not sent"
    r"|not sent|quota exceed|over quota|return(?:ed)? (?:email|receipt failure)|error sending"
    r"|envelope rejected"
    r"|unzustellbar|nicht zugestellt|unzustellbarkeit|zustell(?:fehler|ung)|fehlgeschlagen|mailzustellung"
    r"|non remis|échec de (?:la )?(?:remise|livraison)|non distribu|message non livré"
    r"|no se (?:puede|pudo) entregar|no entregado|devuelto|error en la entrega|fallo en la entrega"
    r"|mancata consegna|messaggio non (?:recapitato|consegnato)|mail non consegnata|não (?:entregue"
    r"|foi possível)|falha na entrega|mensagem devolvida"
    r"|onbestelbaar|niet bezorgd|niet afgeleverd|не доставлен|недоставлен|невозможно доставить"
    r"|ошибка доставки|не удалось доставить|сообщение не|не доставлено|неможливо доставити"
    r"|niedostarcz|nie (?:można|udało się) dostarcz|zwrot|nedoručiteln|nedoručen|neisporuč|nije isporučen"
    r"|olevererbart|ikke leveret|ikke levert|kan inte levereras|toimittamat|teslim edilemedi|kézbesít"
    r"|loop (?:alert|back)|trouble delivering"
    r"|error sending|退信|无法投递|投递失败|传输失败|系统退信|無法傳遞|無法投遞|配信不能|配信エラー"
    r"|配送(?:失敗|エラー)|送信できません|未配達|エラーメール|送信エラー|배달 실패|반송",
    re.IGNORECASE,
)

FAILURE = re.compile(
    r"(?:could|can|was|were|is|has|have|been|would|did|does)(?: not|n'?t"
    r"|not)(?: yet)?(?: been)?(?: be)?(?: able)?(?: to)? (?:be )?(?:successfully )?(?:deliver|reach"
    r"|receiv|accept|sent|send|process|relay|forward|recogni[sz]|transmit|permitted)"
    r"|cannot (?:be )?(?:deliver|reach|send|accept|process|find|open|receive)"
    r"|unable to (?:be )?(?:deliver|send|relay|reach|forward|process|transmit|complete|accept)"
    r"|undeliver(?:able|ed)|not (?:been )?(?:deliver|reachable)|unsuccessful"
    r"|delivery (?:to |of |for |attempt\w* |status |has |was |is |report|problem|\w+ ){0,5}(?:fail|error"
    r"|problem|delay|suspend|impossible|aborted)|(?:failed|failure)\s+(?:to |of |in )?(?:deliver"
    r"|permanently|recipient|address)|following (?:\w+ ){0,3}(?:address"
    r"|recipient)\S* (?:\w+ ){0,3}(?:fail|had|did|could|reject|error|was|were|not)"
    r"|permanent (?:fatal )?(?:delivery )?(?:error|failure)|fatal (?:delivery )?errors?"
    r"|has been (?:returned|rejected|delayed|blocked|refused|discarded|quarantined)|was (?:returned"
    r"|rejected|delayed|blocked|refused|discarded|bounced|undeliverable)|is being (?:returned|rejected)"
    r"|returned to (?:sender|you)|returned (?:mail|message)|user(?: is)? (?:unknown|not (?:found|known"
    r"|exist|listed))|unknown (?:user|recipient|address|mailbox|local|account)|no such (?:user|recipient"
    r"|mailbox|person|address|account|domain)|(?:user|recipient|mailbox|address|account|domain"
    r"|host) (?:\S+ ){0,3}(?:does not exist|doesn'?t exist|doesn'?t have|not exist|unavailable|disabled"
    r"|inactive|rejected|not found|not listed|invalid|unknown|is full|over ?quota|suspended|expired)"
    r"|invalid (?:final delivery )?(?:user|recipient|mailbox|address)|(?:exceed\w*"
    r"|over) (?:\w+ ){0,3}(?:quota|size|limit)|quota exceeded|mailbox (?:is )?(?:full|unavailable"
    r"|exceed\w*)|mail ?(?:box|folder) is full|delivery (?:failed|failure|error)|did not (?:reach"
    r"|receive)|gave up|given up|giving up|error (?:was |occurred |has )?(?:\w+ ){0,3}(?:deliver|process"
    r"|while|sending|transporting)"
    r"|smtp (?:error|protocol|server (?:returned|rejected))|remote (?:host|server|mta|system) (?:said"
    r"|returned|rejected|answered|replied)|(?:said|reason|returned|response|error"
    r"|code)\s*:?\s*[\"'(]?[45]\d\d[ -]|\b5\d\d[ -]5\.\d\.\d|\b4\d\d[ -]4\.\d\.\d|5\.\d\.\d{1,3}\s"
    r"|non-?delivery|failed recipient|host (?:not|un)(?: found|known)|domain (?:not|un)(?: found|known)"
    r"|too many hops|message looping|has encountered (?:a )?delivery"
    r"|not a valid (?:user|address|recipient|mailbox)|duplicated message-id|trouble delivering"
    r"|nicht (?:zugestellt|ausgeliefert|zustellbar|erreicht|übermittelt|weitergeleitet)|unzustellbar"
    r"|zustellung (?:\w+ ){0,4}(?:fehlgeschlagen|gescheitert|nicht)|konnte nicht|n'a pas pu être"
    r"|impossible (?:de|d')|non (?:remis|distribu|livr)|échou|inexistant|n'existe"
    r"|no (?:ha )?(?:pudo|puede|se pudo|podido|fue)|non (?:è stato|è stata|ha potuto|può|esiste|consegnat"
    r"|recapitat|sono stat)|impossibile|não (?:pôde|pode|foi|existe)|kon niet|niet (?:bezorgd|afgeleverd"
    r"|bestaa)|не (?:может быть|был[ао]?|удалось|доставлен|смог|существует)|невозможно|недоступен|ошибк"
    r"|перепол"
    r"|nie (?:mógł|mogła|można|została|istnieje|udało)|nie dostarczono|nemohl|nelze|nije (?:moguće|mogla"
    r"|isporučen)|kunde inte|kunne ikke|ikke leveres"
    r"|無法|无法|失败|失敗|不存在|退回|配信できません|配送できません|送信できません"
    r"|届けることができません|届きません|見つかりません|存在しません|エラー|受け取れません|拒否|お届け",
    re.IGNORECASE,
)

# Where the returned mail starts in a report that is one text. The first is for lines with a rule (dashes, stars)
# around the words.
_RETURNED_RULED = re.compile(
    r"copy|original|return|unsent|undelivered|message (?:header|text|body|follows|content)|headers?\b"
    r"|begin|start|rejected|mail (?:text|body)"
    r"|nachricht|mensaje|mensagem|messag|原|元|письм|сообщен|kopi|以下|附件",
    re.IGNORECASE,
)
_RETURNED_PLAIN = re.compile(
    r"(?:the )?(?:original|returned|undelivered|unsent|rejected|failed|bounced|first part of the"
    r"|headers? of the|text of your|your original"
    r"|a copy of (?:the|your)) .{0,60}?(?:follow|below|attached|headers?|message|mail)s?.{0,30}"
    r"|(?:message|mail) (?:headers?|body|text|content|follow)\w*.{0,20}|your message (?:reads"
    r"|follows).{0,40}|(?:a )?copy of (?:the|your) .{0,60}"
    r"|(?:included|here|below) (?:is|follows) .{0,60}(?:copy|message|header|part).{0,40}"
    r"|a summary of the undelivered.{0,60}"
    r"|(?:bounced|returned) e?-?mail|old message|original-?(?:nachricht|mail).{0,30}"
    r"|received: ?(?:from|by|\().*|return-path: ?.*|x-[a-z-]+: .*|message-id: ?<.*|mime-version: ?1\.0.*"
    r"|dkim-signature:.*",
    re.IGNORECASE,
)
_RULES = "-=_*+#> |\t"


def starts_returned(line: str) -> bool:
    """Whether the returned mail starts with this line of a report."""
    if len(line) > 200:
        return line.lower().startswith(("received:", "dkim-signature:"))
    bare = line.strip()
    core = bare.strip(_RULES)
    if not core:
        return False
    if len(bare) - len(core) >= 2 and bare[:2] in _RULE_STARTS and len(core) < 90 and _RETURNED_RULED.search(core):
        return True
    return _RETURNED_PLAIN.fullmatch(core.rstrip(":. ")) is not None


_RULE_STARTS = frozenset({"--", "==", "__", "**", "++", "##"})

CHALLENGE = re.compile(
    r"not pre-?approved|requires? (?:a )?confirmation|(?:confirm|verify) (?:that )?(?:this|your"
    r"|you) (?:mail server|message|e-?mail address|are (?:a )?(?:real|human))|to have your address added"
    r"|click(?: on)? (?:the )?(?:following )?link (?:below )?(?:to have|so that|to (?:deliver|release"
    r"|confirm|verify)) [^.]{0,60}(?:message|address|mail)|this account is protected by|guest list"
    r"|challenge[- ]response|spamarrest",
    re.IGNORECASE,
)

# What a failure is about, first match wins: a word for the reason and whether trying later may help.
REASONS: tuple[tuple[str, bool, re.Pattern[str]], ...] = tuple(
    (name, soft, re.compile(pattern, re.IGNORECASE))
    for name, soft, pattern in (
        (
            lazy("mailbox full"),
            True,
            r"quota|mailbox (?:is )?full|mail ?folder is full|storage|exceeds allowed size|insufficient (?:disk"
            r"|system)|5\.2\.2|4\.2\.2|перепол",
        ),
        (
            lazy("spam"),
            False,
            r"\bspam|spamm|blacklist|blocklist|black list|block list|reputation|junk|5\.7\.\d+.{0,60}(?:policy"
            r"|content)|dnsbl|rbl\b|listed (?:by|in|at|on)|unsolicited",
        ),
        (lazy("virus"), False, r"\bvirus|malware|infected"),
        (
            lazy("unknown user"),
            False,
            r"user (?:is )?(?:unknown|not (?:found|known|listed))|unknown (?:user|recipient|local|account"
            r"|address)|no such (?:user|recipient|mailbox|person|address|account)|does(?: not|n'?t) exist|5\.1\.1"
            r"|5\.1\.10|invalid (?:recipient|mailbox|user|final)|mailbox (?:unavailable|not found)|no mailbox"
            r"|not our customer|doesn'?t have an? |recipient (?:address )?rejected|not listed in|不存在"
            r"|не существует|user not found|unrouteable",
        ),
        (
            lazy("mailbox disabled"),
            False,
            r"disabled|deactivated|inactive|suspended|discontinued|expired|no longer (?:valid|active|in use"
            r"|available)|5\.2\.1",
        ),
        (
            lazy("unknown domain"),
            False,
            r"host (?:unknown|not found)|domain (?:unknown|not found|does not exist)|name service error|5\.1\.2"
            r"|nxdomain|no mx|dns (?:error|lookup|name)|unknown (?:host|domain)|bad destination host",
        ),
        (
            lazy("too large"),
            False,
            r"too (?:large|big)|size (?:limit|exceeds)|5\.3\.4|message length|exceeds? (?:\w+ ){0,3}size",
        ),
        (
            lazy("delayed"),
            True,
            r"delay|will (?:continue|keep) (?:trying|to try)|not yet (?:been )?delivered|4\.[04]\.\d|timed? ?out"
            r"|try again later|connection (?:refused|failed|lost)|unreachable|too long in|queue",
        ),
        (lazy("relaying refused"), False, r"relay"),
        (
            lazy("policy"),
            False,
            r"polic|5\.7\.|authenticat|dmarc|dkim|spf\b|not permitted|prohibited|access denied|blocked|refused",
        ),
        (lazy("loop"), False, r"too many hops|loop"),
    )
)
