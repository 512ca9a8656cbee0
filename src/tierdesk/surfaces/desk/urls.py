"""The desk's addresses."""

from django.urls import path, re_path

from tierdesk.surfaces.desk import handing_out, mail_problems, opening, queue, ticket

app_name = "desk"
TICKET = r"^tickets/(?P<ref>TD-[0-9]{1,18})"

urlpatterns = [
    path("", queue.queue, name="queue"),
    path("tickets/new", opening.new_ticket, name="new_ticket"),
    re_path(TICKET + r"\Z", ticket.ticket, name="ticket"),
    re_path(TICKET + r"/messages\Z", ticket.messages_of, name="messages"),
    re_path(TICKET + r"/notes\Z", ticket.notes, name="notes"),
    re_path(TICKET + r"/assignment\Z", ticket.assignment, name="assignment"),
    re_path(TICKET + r"/status\Z", ticket.status, name="status"),
    re_path(TICKET + r"/details\Z", ticket.details, name="details"),
    re_path(TICKET + r"/read\Z", ticket.read, name="read"),
    path("files/<int:attachment_id>", handing_out.file, name="file"),
    path("messages/<int:message_id>/body", handing_out.message_body, name="message_body"),
    path("mails/<int:mail_id>/raw", handing_out.raw_mail, name="raw_mail"),
    path("mail-problems", mail_problems.mail_problems, name="mail_problems"),
    path("mail-problems/<int:mail_id>/attempts", mail_problems.attempts, name="mail_attempts"),
    path("mail-problems/<int:mail_id>/dismissal", mail_problems.dismissal, name="mail_dismissal"),
]
