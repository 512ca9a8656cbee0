"""What a returned mail says: for whom, with which status, and whether to stop writing there (RFC 3463, 3464, 5965)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .addresses import fold_address, is_usable
from .parsing import ParsedMail

_SENDERS = re.compile(
    r"(?:mailer[-_.]?daemon|post_master|mail[-_.]?daemon|postmaster|mail-?delivery(?:-subsystem)?|mdaemon|"
    r"bounces?|maildelivery|"
    r"microsoftexchange[0-9a-f]{8,40}|mail_delivery|no-?reply-?bounce|failed-?mail|mailadmin|postoffice|"
    r"root)(?:[+._-].{0,80})?@.*|mailer-daemon|postmaster",
)
_SUBJECTS = re.compile(
    r"undeliver(?:ed|able)|delivery (?:status|failure|failed|report|notification|has failed|problem|error|"
    r"delayed)|failure notice|returned (?:mail|e-?mail|to sender)|"
    r"mail (?:delivery )?(?:failed|failure|system error|could not)|(?:message|mail|email) (?:not|could not be|"
    r"cannot be) delivered|message delivery|"
    r"returning message|nondeliverable|non[- ]?delivery|cannot be delivered|could not (?:be delivered|deliver|"
    r"send)|rejected:|unzustellbar|unzustellbare|"
    r"non remis|echec de|échec de|no se puede entregar|no entregado|mancato recapito|mensagem devolvida|"
    r"не доставлено|недоставлен|не может быть доставлено|"
    r"배달|반송|전송 실패|전달되지|배달되지|未送達|配信不能|エラーメール|退信|无法投递|delivery incomplete|"
    r"email rejected|permanent error|user unknown|"
    r"warning: could not send|mail delivery subsystem|blocked by|message blocked|there was an error sending|"
    r"destinatario desconocido|"
    r"error (?:sending|delivering)|abuse report|complaint (?:about|from)|メールエラー|duplicated message-id|"
    r"email feedback|feedback report|spam detection|unable to deliver|dsn:",
    re.IGNORECASE,
)
_TEXTS = re.compile(
    r"(?:could not|cannot|can't|couldn't|was not|were not|wasn't able to|unable to|not been|"
    r"failed to) be delivered|delivery (?:to the following|has failed|failed|failure|error)|"
    r"(?:couldn't|could not|cannot|unable to|not able to|wasn't able to) (?:be delivered|deliver|send)|"
    r"permanent (?:fatal )?error|recipient(?:s)? (?:rejected|failed|undeliverable)|"
    r"mailbox (?:is )?(?:full|unavailable)|user unknown|no such user|invalid user address|returned to (?:sender|"
    r"you)|has been (?:returned|rejected|refused)|was rejected|was refused|"
    r"following address(?:es)? (?:failed|had)|undeliverable|did not reach|配信できません|送信されません|"
    r"届けることができません|未配信|"
    r"メールボックスが|送信できません|宛先|не может быть доставлено|не удалось доставить|배달하지|전송하지 못",
    re.IGNORECASE,
)
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.-])([245][0-5]\d)(?=[ \-:#,;.)>]|$)")
_ADDRESS = re.compile(r"<?([\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})>?")

# The first group whose words are found names the reason. Order: what is certain and final before what is general.
_REASONS: tuple[tuple[str, str], ...] = (
    ("mailbox-full", r"mailbox (?:is )?(?:full|exceed)|mail ?box size|over ?quota|quota (?:exceeded|has been|"
                     r"violation)|exceed\w* (?:the |its |storage|his |mailbox )?.{0,20}(?:quota|allocation|"
                     r"allotment|storage)|"
     r"disk quota|insufficient (?:user )?(?:disk )?space|not enough (?:storage|disk|space)|storage (?:limit|"
     r"allocation)|inbox (?:is )?full|out of storage|overquota|mailfolder is full|disc quota|too much mail"),
    ("suspended", r"suspended|account (?:has been |is |was )?(?:disabled|inactive|deactivated|locked|expired)|"
                  r"mailbox (?:disabled|is inactive|is disabled|currently suspended)|user (?:is )?(?:disabled|"
                  r"suspended|inactive)|is disabled|inactive (?:user|account)|boite du destinataire archivee"),
    ("moved", r"has (?:moved|been replaced)|user (?:has )?moved|no longer (?:at|in use)|"
              r"recipient.{0,20}has (?:changed|moved)"),
    ("too-large", r"message (?:size )?(?:exceeds|too (?:large|big))|size (?:limit|exceeds)|too (?:large|big)|"
                  r"exceeds? (?:the )?(?:maximum )?(?:message |fixed )?size|exceeded maximum inbound message size"),
    ("virus", r"virus|malware|infected"),
    ("authentication", r"dmarc|dkim|spf\b|sender policy|unauthenticated (?:email|mail)|not (?:pass|authenticated)|"
                       r"authentication (?:checks|failed|required by)|5\.7\.2[0-9]\b"),
    ("no-reverse-name", r"reverse dns|\bptr\b|rdns|cannot find your (?:reverse )?hostname|reverse (?:hostname|"
                        r"lookup|record)|no dns (?:a-data|record)|helo.{0,30}(?:resolve|invalid)|"
                        r"hostname.{0,30}not (?:found|resolve)"),
    ("reputation", r"reputation|senderbase"),
    ("blocked", r"black ?list|block ?list|blocked|\brbl\b|dnsbl|spamhaus|banned|denied.{0,30}(?:ip|address)|"
                r"access denied|refused to talk|connection refused by policy|not allowed to (?:connect|send)|"
                r"bad (?:ip|host)"),
    ("spam", r"\bspam\b|spam(?:my|assassin)|unsolicited|junk|considered unsolicited|looks like spam|bulk mail"),
    ("relaying", r"relay(?:ing)? (?:access )?(?:denied|not permitted|not allowed|prohibited)|not (?:permitted|"
                 r"authorized) to relay|unable to relay|cannot relay|we do not relay|relaying"),
    ("domain-unknown", r"host (?:or domain name )?(?:unknown|not found)|unknown host|"
                       r"domain (?:name )?(?:not found|does not exist|isn't|couldn't be found)|no such (?:host|"
                       r"domain)|name service error|nxdomain|unrouteable (?:mail )?domain|"
     r"(?:could ?n.t|couldn't|cannot) (?:find|resolve|look ?up) (?:any )?(?:host|domain|mx|recipient domain)|"
     r"bad destination (?:host|mailbox address system)|illegal host|dns (?:error|lookup)|5\.1\.2\b|"
     r"unrouteable address"),
    ("domain-refuses-mail", r"does not accept (?:mail|e-?mail)|null ?mx|smtp 521|host does not accept|"
                            r"not accept(?:ing)? (?:any )?(?:mail|messages)|5\.1\.10|5\.3\.2\b"),
    ("unknown-recipient", r"(?:user|recipient|mailbox|address|account|addressee|destinataire|destinatario|"
                          r"email)s? (?:is |was |name )?(?:unknown|not found|does ?n.t exist|does not exist|"
                          r"not exist|not (?:a )?(?:valid|known)|invalid|inconnu|unavailable|not listed|"
                          r"no longer valid|undeliverable|rejected|address rejected)|"
     r"(?:unknown|no such|invalid|not a known|not a valid|non-?existent|bad|unrecognized) (?:local[- ]part|user|"
     r"recipient|mailbox|address|account|destination|email|mail ?box|person|addressee)|does ?n.t have (?:an |"
     r"a )?(?:\S{1,30} )?(?:account|mailbox)|"
     r"no (?:mailbox|account|such|user|recipient)\b|not (?:in|our) (?:directory|customer)|resolver\.adr|"
     r"recipnotfound|5\.1\.1\b|5\.1\.[036]\b|user doesn't|not exist|there is no .{0,20}(?:user|account)|"
     r"this user doesn't|not found by smtp|mailbox name not allowed|x-notes; .{0,20}recipient|cannot be found|"
     r"utente sconosciuto|unknown in virtual"),
    ("too-fast", r"too many (?:connections|recipients|messages|concurrent|mails|errors)|rate limit|throttl|"
                 r"try again later.{0,30}rate|rate that|slow down|exceeded.{0,20}rate"),
    ("expired", r"(?:delivery|retry) (?:time(?:d)? ?out|expired|time)|expired|timed out|retry timeout|for (?:too|"
                r"more than|over|the last) .{0,20}(?:hours|days|long)|connection (?:timed|refused|lost|reset)|"
                r"delayed|will be retried|still trying|in queue too long|4\.4\.7|could not be delivered (?:for|"
                r"within)|no route to host|4\.4\.[1-7]|network is unreachable"),
    ("loop", r"mail (?:forwarding )?loop|too many hops|loops back|hop count|routing loop|mail for .{0,60} loops"),
    ("policy", r"policy|not permitted|violat|restricted|security|forbidden|prohibited"),
    ("syntax", r"syntax error|command (?:not|unrecognized)|bad sequence|improper|invalid (?:header|command)|"
               r"rfc ?\d{3,4}|5\.5\.[0-6]\b"),
    ("system", r"system (?:error|is|not|resource|config)|local (?:error|configuration)|temporary (?:failure|"
               r"local)|internal (?:server )?error|mail system|service (?:unavailable|not available)|"
               r"local problem|write error|no space left|insufficient system"),
    ("rejected", r"rejected|refused|denied|not accepted"),
)  # fmt: skip
_REASON_PATTERNS = tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in _REASONS)
_HARD = frozenset({"unknown-recipient", "domain-unknown", "moved", "domain-refuses-mail"})


@dataclass(frozen=True, slots=True)
class Bounce:
    """One recipient who could not be reached. `hard` means: do not write there again until a person says so."""

    recipient: str
    status: str
    reason: str
    hard: bool
    action: str = "failed"


@dataclass(frozen=True, slots=True)
class BounceReport:
    """Whether a mail is a report about another, why we think so, and whom it names."""

    signs: list[str] = field(default_factory=list)
    bounces: list[Bounce] = field(default_factory=list)


def read_bounce(mail: ParsedMail) -> BounceReport:
    """The report in `mail`; without signs when it is none."""
    signs = _signs(mail)
    return BounceReport(signs, _bounces(mail) if signs else [])


def _signs(mail: ParsedMail) -> list[str]:
    certain = _certain_signs(mail)
    hints: list[str] = []
    if _SENDERS.fullmatch(mail.from_) or (
        not mail.from_ and re.search(r"mailer|daemon|postmaster|delivery", mail.from_name.lower())
    ):
        hints.append("sender:" + (mail.from_.split("@")[0] or "none")[:40])
    elif re.search(r"mail(?:er)?[ -]?(?:delivery|daemon)|delivery sub|postmaster", mail.from_name.lower()):
        hints.append("sender-name")
    if mail.return_path in {"", "<>"}:
        hints.append("null-return-path")
    if _SUBJECTS.search(mail.subject[:300]):
        hints.append("subject")
    if _TEXTS.search(mail.text[:6_000]):
        hints.append("text")
    if mail.enclosed_ids and mail.content_type == "multipart/report":
        hints.append("returned-mail")
    if (
        mail.header("auto-submitted").lower().startswith("auto-replied")
        and "text" in hints
        and _STATUS.search(mail.text[:6000])
    ):
        hints.append("status-in-text")
    if certain or (len(hints) >= 2 and ("subject" in hints or "text" in hints)):
        return certain + hints
    return []


def _certain_signs(mail: ParsedMail) -> list[str]:
    certain: list[str] = []
    if mail.report_type in {"delivery-status", "feedback-report", "global-delivery-status"}:
        certain.append(f"report-type:{mail.report_type}")
    if any("status" in block or "action" in block or "feedback-type" in block for block in mail.delivery_status):
        certain.append("delivery-status-part")
    if mail.from_.startswith("mailer-daemon@"):
        certain.append("sender:mailer-daemon")
    if '"notificationType"' in mail.text[:500] and re.search(
        r'"(?:bounceType|notificationType":"(?:Delivery|Complaint))"', mail.text[:5_000]
    ):
        certain.append("delivery-service-notice")
    if mail.subject.lower().startswith("complaint about message from"):
        certain.append("complaint")
    if mail.headers.get("x-failed-recipients"):
        certain.append("x-failed-recipients")
    return certain


def _bounces(mail: ParsedMail) -> list[Bounce]:
    found: list[Bounce] = []
    for block in mail.delivery_status:
        recipient = _recipient(block)
        if not recipient:
            continue
        action = block.get("action", "failed").lower().split()[0] if block.get("action", "").strip() else "failed"
        diagnostic = block.get("diagnostic-code", "") + " " + block.get("x-supplementary-info", "")
        status = block.get("status", "")
        found.append(_bounce(recipient, status, diagnostic, mail.text, action))
    if found:
        return found[:100]
    text = mail.text[:20_000]
    recipients = _recipients_in_text(mail, text)
    return [_bounce(recipient, "", _near(text, recipient), text, "failed") for recipient in recipients[:20]]


def _bounce(recipient: str, status: str, diagnostic: str, text: str, action: str) -> Bounce:
    best = _better_status(status, diagnostic, text)
    reason = _reason(diagnostic, best) or _reason(text[:6_000], best) or "unknown"
    if action in {"delivered", "relayed", "expanded"}:
        return Bounce(recipient, best or "2.0.0", "delivered", False, action)
    if reason == "unknown-recipient" and best.startswith("4."):
        return Bounce(recipient, best, reason, False, action)
    return Bounce(recipient, best, reason, reason in _HARD and action != "delayed", action)


def _better_status(status: str, diagnostic: str, text: str) -> str:
    """The most telling status: the one in the diagnostic, the block's, the text's, or the reply code's."""
    declared = _STATUS.search(status)
    said = _STATUS.search(diagnostic) or (None if declared else _STATUS.search(text[:6_000]))
    if declared and not (declared[2] == "0" and said):
        return declared[0] if not said or declared[0][0] == "4" or said[2] == "0" else said[0]
    if said:
        return said[0]
    reply = _REPLY.search(diagnostic) or _REPLY.search(text[:6_000])
    return f"{reply[1][0]}.0.0" if reply else ""


def _reason(text: str, status: str) -> str:
    by_status = {
        "5.1.1": "unknown-recipient",
        "5.2.2": "mailbox-full",
        "4.2.2": "mailbox-full",
        "5.1.2": "domain-unknown",
        "5.3.4": "too-large",
        "5.2.3": "too-large",
        "4.4.7": "expired",
        "5.1.6": "moved",
        "5.1.10": "domain-refuses-mail",
        "5.7.26": "authentication",
        "5.7.25": "no-reverse-name",
        "5.4.14": "loop",
        "5.4.6": "loop",
        "5.4.4": "domain-unknown",
    }
    if not text.strip():
        return by_status.get(status, "")
    flat = " ".join(text.split())
    for name, pattern in _REASON_PATTERNS:
        if pattern.search(flat):
            if name in {"rejected", "policy", "system", "syntax", "blocked"} and status in by_status:
                return by_status[status]
            return name
    return by_status.get(status, "")


def _recipient(block: dict[str, str]) -> str:
    for name in (
        "final-recipient",
        "original-recipient",
        "x-actual-recipient",
        "removal-recipient",
        "original-rcpt-to",
    ):
        match = _ADDRESS.search(block.get(name, ""))
        if match:
            return fold_address(match[1])
    return ""


def _recipients_in_text(mail: ParsedMail, text: str) -> list[str]:
    found: list[str] = []
    for value in mail.headers.get("x-failed-recipients", []):
        found += _ADDRESS.findall(value)
    if not found:
        own = {address.address for address in mail.to} | {mail.from_}
        for line in text.split("\n")[:200]:
            if re.match(
                r"(?i)\s*(?:from|message-id|received|return-path|sender|reply-to|in-reply-to|references)\s*:", line
            ):
                continue
            found += [a for a in _ADDRESS.findall(line[:500]) if fold_address(a) not in own]
            if found:
                break
    return [a for a in dict.fromkeys(map(fold_address, found)) if is_usable(a)]


def _near(text: str, recipient: str) -> str:
    position = text.lower().find(recipient)
    return text[max(0, position - 100) : position + 1_200] if position >= 0 else text[:2_000]
