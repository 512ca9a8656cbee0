"""Files that come with messages and notes, and handing them out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from tierdesk.domain.people import rules as people_rules
from tierdesk.domain.tickets import policies
from tierdesk.domain.tickets.models import Attachment, Message, Note, Ticket
from tierdesk.events.tickets import FileDownloaded
from tierdesk.kernel import files, ids
from tierdesk.kernel.actors import Actor
from tierdesk.kernel.audience import Audience
from tierdesk.kernel.commands import command, record
from tierdesk.kernel.refusals import Faults, Refusal

MAX_FILES = 50


@dataclass(frozen=True, slots=True)
class FileIn:
    """A file that comes with a message: `content` is its bytes, a file of them, or what is on disk already."""

    name: str
    type: str
    content: bytes | Path | files.Written
    content_id: str = ""
    inline: bool = False

    def written(self) -> files.Written:
        """Its bytes, durable."""
        if isinstance(self.content, files.Written):
            return self.content
        if isinstance(self.content, Path):
            with self.content.open("rb") as stream:
                return files.write(iter(lambda: stream.read(1 << 20), b""))
        return files.write(self.content)


@command
def take_file(actor: Actor, *, attachment_id: int) -> Attachment:
    """The attachment, to be handed out; who took it and when is recorded. Refused: what the actor may not see."""
    seen = Attachment.objects.scoped(policies.entry_scope(actor)).select_related("file")
    attachment = seen.filter(pk=attachment_id).first()
    if attachment is None:
        raise Refusal("not_found", _("There is no such file."))
    record(
        actor,
        FileDownloaded(thing_id=attachment.ticket_id, client_id=attachment.client_id, attachment_id=attachment.pk),
    )
    return attachment


def check_files(faults: Faults, given: Sequence[FileIn]) -> None:
    """Note what is wrong with files: too many, too large."""
    if len(given) > MAX_FILES:
        faults.add("files", _("At most %(n)s files go with one message.") % {"n": MAX_FILES})
    limit = settings.TIERDESK.max_upload_bytes
    for file in given:
        size = len(file.content) if isinstance(file.content, bytes) else 0
        if size > limit:
            faults.add(
                "files",
                _("“%(name)s” is larger than %(mb)s MB.") % {"name": file.name, "mb": limit // 2**20},
                _("Put it where the others can reach it and send a link."),
            )


def attach(
    ticket: Ticket, files_in: Sequence[FileIn], *, message: Message | None = None, note: Note | None = None
) -> None:
    """Write the rows of files that come with a message or a note, with its audience."""
    for file in files_in:
        stored = files.adopt(file.written())
        Attachment(
            id=ids.new_id(),
            ticket=ticket,
            client_id=ticket.client_id,
            message=message,
            note=note,
            audience=Audience.REQUESTER if message else Audience.AGENTS,
            file=stored,
            name=people_rules.clean_name(file.name.replace("/", "_").replace("\\", "_"), 200) or "file",
            type=file.type[:120],
            content_id=file.content_id[:250],
            inline=file.inline,
        ).save(force_insert=True)
