"""What is wrong with a mail, as a code with facts that is kept, and as a sentence in the reader's language."""

from django.utils.translation import gettext as _

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


def words_for(error: str) -> str:
    """What an agent reads about a mail that failed, coming in or going out."""
    code, _colon, rest = error.partition(":")
    facts = rest.split(":")
    match code:
        case "too-large":
            megabytes = [f"{int(n) / 2**20:.1f}" if n.isdigit() else "?" for n in (*facts, "", "")[:2]]
            text = _(
                "This mail has %(size)s MB, more than the %(limit)s MB allowed. Only its headers are here; the whole "
                "mail is still on the mail server."
            )
            return text % {"size": megabytes[0], "limit": megabytes[1]}
        case "loop-budget":
            text = _("More than %(n)s mails from this address wanted to become tickets within an hour.")
            return text % {"n": facts[0]}
        case "no-sender":
            return _("It names no sender that could be answered.")
        case "unreadable":
            text = _("It could not be read: reading it took too much time or memory, or broke down (%(how)s).")
            return text % {"how": facts[0]}
        case "stuck":
            return _("Processing it ended without a word, again and again.")
        case "refused":
            return _("It could not be made a ticket (%(how)s).") % {"how": rest}
        case "no-server":
            return _("No mail server is set up that could send it.")
        case "expired":
            return _("The mail server could not be reached, or put it off, for a whole day.")
        case "no-address":
            return _("This address cannot be written to.")
        case "smtp":
            return _("The mail server refused it: %(answer)s") % {"answer": rest}
    return error
