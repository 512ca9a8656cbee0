"""Who may see raw mails and settle those that failed: the same rule as predicate and as queryset's condition."""

from django.db.models import Q

from tierdesk.domain.channels.email.models import MailIn
from tierdesk.domain.people import rules as people_rules
from tierdesk.kernel.actors import Actor

NOBODY = Q(pk__in=[])


def may_see_mail(actor: Actor, mail: MailIn) -> bool:
    """Whether an actor may read the raw mail, try it again and dismiss it.

    One that belongs to a ticket: the client's staff. One that belongs to none: those with the permission for mail
    problems, for its client, or (client unknown) for every client.
    """
    if mail.ticket_id is not None:
        return actor.holds(people_rules.READ, mail.client_id)
    return actor.holds(people_rules.MAIL_PROBLEMS, mail.client_id)


def problem_scope(actor: Actor) -> Q:
    """The mails without a ticket that an actor may see; agrees with `may_see_mail`."""
    clients = actor.clients_for(people_rules.MAIL_PROBLEMS)
    if clients.every:
        return Q(ticket__isnull=True)
    return Q(ticket__isnull=True, client_id__in=clients.ids) if clients.ids else NOBODY


def sent_scope(actor: Actor) -> Q:
    """The mails of ours that an actor may know about: those to clients whose tickets he reads as staff."""
    clients = actor.clients_for(people_rules.READ)
    if clients.every:
        return Q()
    return Q(client_id__in=clients.ids) if clients.ids else NOBODY
