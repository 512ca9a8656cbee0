"""How mail programs mark what they quote, in the languages of their users. Each pattern reads one bounded line."""

from __future__ import annotations

import re

_ALL = re.IGNORECASE
_VERBS = (
    r"wrote|writes|said|schrieb|schreibt|a écrit|écrivait|escribió|escribio|escreveu|ha scritto|scrive|schreef|"
    r"(?:het volgende )?geschreven|skrev|skriver|napisał(?:\(?[ao]\)?)?|pisze|napsal(?:\(?a\)?)?|píše|kirjoitti|"
    r"írta|yazdı|şunu yazdı|"
    r"a scris|έγραψε|написал(?:\(?а\)?|и)?|пишет|писал(?:\(?а\)?)?|сообщил(?:\(?а\)?)?|написав(?:\(?ла\)?)?|"
    r"написала|пише|"
    r"写道|寫道|のメール|さんは書きました|のメッセージ|님이 작성|작성|님이 쓴 글|님이 썼습니다|씀|đã viết|menulis|"
    r"כתב|כתבה|كتب"
)
_VERB = re.compile(rf"(?:\b|(?<=[\s>\"”]))(?:{_VERBS})(?!\w)", _ALL)
_VERB_AT_END = re.compile(
    rf"(?:^|[\s>\"”，,])(?:{_VERBS}|(?<=님이)\s?작성)\s{{0,3}}(?:[:：]|-{{2,}})[\s*>]{{0,5}}$", _ALL
)
_MONTHS = (
    r"jan|feb|mar|apr|may|mai|maj|jun|jul|aug|sep|oct|okt|nov|dec|dez|févr|avr|août|juin|juil|déc|ene|abr|ago|dic|"
    r"gen|"
    r"mag|giu|lug|set|ott|fev|out|sty|lut|kwi|cze|lip|sie|wrz|paź|lis|gru|янв|февр?|мар|апр|ма[йя]|июн|июл|авг|"
    r"сен|окт|"
    r"ноя|дек|січ|лют|бер|квіт|трав|черв|лип|серп|вер|жовт|лист|груд|helmi|tammi|maalis|huhti|touko|kesä|heinä|"
    r"elo|syys|"
    r"loka|marras|joulu|ocak|şubat|nisan|mayıs|haziran|temmuz|ağustos|eylül|ekim|kasım|aralık"
)
_DATE = re.compile(
    r"\d{4}\s?[-./年년]\s?\d{1,2}\s?[-./月월]\s?\d{1,2}|\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{2,4}|"
    rf"\d{{1,2}}[.,]?(?:\sde)?\s(?:{_MONTHS})\w*|(?:{_MONTHS})\w*\.?\s\d{{1,2}}\b",
    _ALL,
)
_BEGINS_WITH_DATE = re.compile(
    r"(?:(?:on|at|am|le|el|il|op|em|den|dnia|w dniu|dne|på|pe|στις|kl|vào|pada|tanggal|em|lørdag|ב|в|у|在|于|於)\s)?"
    rf"(?:[\w.]{{2,14}},?\s|\(.\)\s?){{0,2}}(?:{_DATE.pattern})",
    _ALL,
)
_DATE_AND_ADDRESS = re.compile(r"[^<>]{8,160}<[^<>\s]{0,10}\s?[^<>\s@]{1,100}@[^<>\s]{1,150}>\s?[:：]?")
_ISO_WITH_ZONE = re.compile(r"\d{4}-\d\d-\d\d \d\d?:\d\d GMT[+-]\d\d:\d\d\s\S.{0,100}")

_SEPARATORS = (
    r"original message|original email|original mail|forwarded message|forwarded by .{1,80}|weitergeleitete nachricht|"
    r"ursprüngliche nachricht|originalnachricht|original-nachricht|message d'origine|message original|"
    r"message transféré|"
    r"mensaje original|mensaje reenviado|mensagem original|mensagem encaminhada|messaggio originale|"
    r"messaggio inoltrato|"
    r"oorspronkelijk bericht|doorgestuurd bericht|ursprungligt meddelande|vidarebefordrat meddelande|"
    r"oprindelig meddelelse|"
    r"opprinnelig melding|alkuperäinen viesti|wiadomość oryginalna|oryginalna wiadomość|původní zpráva|"
    r"исходное сообщение|пересылаемое сообщение|пересылаемое письмо|оригинальное сообщение|первоначальное сообщение|"
    r"перенаправленное сообщение|начало переадресованного сообщения|конец переадресованного сообщения|"
    r"переадресованное сообщение|вихідне повідомлення|оригінальне повідомлення|"
    r"원본 메일|원본 메시지|원본메일|원본메시지|전달된 메시지|전달된 메일|전달한 메일|원래 메시지|원본 내용|"
    r"原始邮件|原始邮件信息|轉寄郵件|原始郵件|转发的邮件|元のメッセージ|転送メッセージ|original-mail|reply message"
)
_SEPARATOR = re.compile(
    rf"[*>\s]{{0,6}}(?:[-_=]{{2,40}}\s{{0,3}}(?:{_SEPARATORS})\s{{0,3}}:?[-_=]{{2,40}}|"
    r"(?:begin forwarded message|anfang der weitergeleiteten nachricht|début du message réexpédié|"
    r"inizio messaggio inoltrato|"
    r"начало переадресованного сообщения|전달된 메시지 시작|전달된 메시지|下面是被转发的邮件|"
    r"転送されたメッセージ)\s?[:：])[*\s]{0,4}",
    _ALL,
)

# A mail's header lines as programs print them above a quoted mail, by what they stand for.
_PRINTED_HEADERS = {
    "from": "from|von|de|da|van|från|fra|od|lähettäjä|от|от кого|від|отправитель|보낸 사람|보낸사람|보낸이|발신|"
            "发件人|寄件者|寄件人|"
            "差出人|送信者|gönderen|feladó|kimden",
    "date": "sent|date|gesendet|datum|envoyé|enviado|enviado el|fecha|data|inviato|verzonden|skickat|dato|sendt|"
            "wysłano|data wysłania|odesláno|lähetetty|päivämäärä|"
    "дата|отправлено|отправлен|дата отправки|надіслано|보낸 날짜|보낸날짜|보낸 시간|날짜|일시|받은날짜|发送时间|"
    "日期|寄件日期|傳送時間|送信日時|日付|"
    "tarih|gönderildi",
    "to": "to|an|à|a|para|aan|naar|till|til|do|komu|vastaanottaja|кому|получатель|받는 사람|받는사람|받는이|수신|"
          "收件人|收件者|宛先|"
          "kime|alıcı",
    "subject": "subject|betreff|objet|asunto|assunto|oggetto|onderwerp|ämne|emne|temat|předmět|aihe|тема|제목|主题|"
               "主旨|件名|konu|tárgy",
    "cc": "cc|kopie|copie|copia|kopia|копия|копія|참조|抄送|副本|bilgi",
    "reply": "reply-to|antwort an|répondre à|responder a|risposta|rispondi a|ответить|회신|답장 받는 사람|importance|"
             "importancia|priorität",
}  # fmt: skip
HEADER_NAMES = {name: kind for kind, names in _PRINTED_HEADERS.items() for name in names.split("|")}

_SENT_FROM = re.compile(
    r"[<(*_\s]{0,4}(?:"
    r"(?:sent|sended) (?:from|via|with|by|using) .{1,100}|\w{0,20} ?from (?:my )?(?:mobile|i-?phone|ipad|phone|"
    r"android)\b.{0,30}|"
    r"get \[?outlook for .{1,80}|envoyé (?:depuis|de|à partir de) (?:mon |ma |l')?.{1,60}|"
    r"von meinem .{1,60} gesendet|gesendet (?:von|mit|über) .{1,60}|"
    r"diese nachricht wurde von .{1,80} gesendet\.?|enviado (?:desde|do|de|a partir do) (?:mi|meu|el)? ?.{1,60}|"
    r"inviato da(?:l mio)? .{1,60}|"
    r"verzonden (?:met|vanaf|vanuit) .{1,60}|verstuurd vanaf .{1,60}|skickat från (?:min )?.{1,60}|"
    r"sendt fra (?:min )?.{1,60}|lähetetty .{1,50}sta|"
    r"wysłan[eoy] z .{1,60}|odesláno z .{1,60}|отправлено (?:с|из|через) .{1,60}|надіслано з .{1,60}|"
    r"(?:나의|내) .{1,40}에서 (?:보냄|보낸 메일|발송)\.?|.{1,40}에서 보냄|iphone에서 보낸 메일|"
    r"네이버 메일 앱에서 .{1,30}|從我的.{1,20}傳送|"
    r"发自我的.{1,30}|.{1,20}から送信"
    r")[>)*_\s.]{0,4}",
    _ALL,
)
_RULE = re.compile(r"([-_*#~=+])(?:[ \t]?\1){1,200}|[—–⸺_]{1,60}")


def is_introduction(line: str) -> bool:
    """Whether a whole line says who wrote what follows, and when: `On … X wrote:` and its kin."""
    if not line.endswith((":", "：", ">", "-", "*")) and "GMT" not in line:
        return False
    core = line.strip("-—–* \t")
    has_date = _DATE.search(core) is not None
    if _VERB_AT_END.search(line) is not None:
        return has_date or "@" in core
    if core.endswith((":", "：")) and has_date and _VERB.search(core) is not None:
        return True
    if _BEGINS_WITH_DATE.match(core) is None:
        return False
    return _DATE_AND_ADDRESS.fullmatch(core) is not None or _ISO_WITH_ZONE.fullmatch(core) is not None


def may_begin_introduction(line: str) -> bool:
    """Whether a line can be the first of an introduction that was wrapped over several."""
    return (
        _BEGINS_WITH_DATE.match(line) is not None
        or ("<" in line and _VERB.search(line) is not None)
        or (line.endswith("<") and len(line) < 100)
    )


def is_separator(line: str) -> bool:
    """Whether a line announces a quoted or forwarded mail: `-----Original Message-----` and its kin."""
    return _SEPARATOR.fullmatch(line) is not None


def is_rule(line: str) -> bool:
    """Whether a line is nothing but a drawn rule."""
    return _RULE.fullmatch(line) is not None


def is_sent_from(line: str) -> bool:
    """Whether a line is the signature that a telephone or a program adds by itself."""
    return _SENT_FROM.fullmatch(line) is not None


def header_kind(line: str) -> str | None:
    """What a printed header line stands for: from, date, to, subject, cc or reply; None for any other line."""
    head, colon, _ = line.replace("：", ":").replace("*", "").partition(":")
    return HEADER_NAMES.get(" ".join(head.split()).lower()) if colon and len(head) <= 40 else None
