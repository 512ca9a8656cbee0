"""What is wrong with a mail, as a code with facts that is kept, and as a sentence in the reader's language."""

from django.utils.translation import gettext_lazy as _

UNREADABLE = "unreadable"  # :how the reader ended
TOO_LARGE = "too-large"  # :bytes:limit
LOOP_BUDGET = "loop-budget"  # :tickets an hour
NO_SENDER = "no-sender"
STUCK = "stuck"
REFUSED = "refused"  # :code of the refusal

NO_SERVER = "no-server"
EXPIRED = "expired"
NO_ADDRESS = "no-address"
SMTP = "smtp"  # :what the server answered


_WORDS = {
    UNREADABLE: _("It could not be read: reading it took too much time or memory, or broke down (%(a)s)."),
    TOO_LARGE: _(
        "This mail has %(a)s MB, more than the %(b)s MB allowed. Only its headers are here; the whole mail is still on "
        "the mail server."
    ),
    LOOP_BUDGET: _("More than %(a)s mails from this address wanted to become tickets within an hour."),
    NO_SENDER: _("It names no sender that could be answered."),
    STUCK: _("Processing it ended without a word, again and again."),
    REFUSED: _("It could not be made a ticket (%(a)s)."),
    NO_SERVER: _("No mail server is set up that could send it."),
    EXPIRED: _("The mail server could not be reached, or put it off, for a whole day."),
    NO_ADDRESS: _("This address cannot be written to."),
    SMTP: _("The mail server refused it: %(a)s"),
}


def words_for(error: str) -> str:
    """What an agent reads about a mail that failed, coming in or going out."""
    code, _colon, rest = error.partition(":")
    words = _WORDS.get(code)
    if words is None:
        return error
    facts = [rest] if code == SMTP else rest.split(":")
    if code == TOO_LARGE:
        facts = [f"{int(n) / 2**20:.1f}" if n.isdigit() else "?" for n in facts]
    return str(words) % {"a": facts[0], "b": facts[1] if len(facts) > 1 else ""}
