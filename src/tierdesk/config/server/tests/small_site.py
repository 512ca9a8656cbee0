"""A small Django project served by the real server, in a process of its own. Started by the tests with a JSON argument.

`/live` follows the real event table; who somebody is says the cookie `person`, unless the file `gone-N` exists.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

import django
from django.conf import settings

OPTIONS = json.loads(sys.argv[1])
FOLDER = Path(OPTIONS["folder"])

settings.configure(
    SECRET_KEY="a test",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="__main__",
    DATABASES=OPTIONS["databases"],
    INSTALLED_APPS=["tierdesk.kernel"],
    MIDDLEWARE=["django.middleware.locale.LocaleMiddleware"],
    LANGUAGES=[("en", "English"), ("ko", "Korean"), ("ru", "Russian")],
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    LOGGING_CONFIG=None,
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import translation  # noqa: E402

from tierdesk.config.environment import read_environment  # noqa: E402
from tierdesk.config.server.application import Application, load  # noqa: E402
from tierdesk.config.server.group import run_group  # noqa: E402
from tierdesk.config.server.serving import open_socket, run_web  # noqa: E402
from tierdesk.kernel.actors import Actor, ActorKind  # noqa: E402
from tierdesk.kernel.live import Feed, live_authenticator, live_feed, live_recheck  # noqa: E402
from tierdesk.kernel.models import Event  # noqa: E402


def pid(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse(str(os.getpid()))


def echo(request):
    return JsonResponse({"path": request.path, "name": request.GET.get("name"), "size": len(request.body)})


def file(request):
    return FileResponse((FOLDER / "big").open("rb"), filename="big")


def export(request):
    def lines():
        yield translation.get_language()
        for event in Event.objects.order_by("position").iterator():
            yield f",{event.position}"

    return StreamingHttpResponse(lines(), content_type="text/csv")


def memory(request):
    status = Path("/proc/self/status").read_text()
    return HttpResponse(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def wait_for_file(request):
    (FOLDER / "begun").touch()
    while not (FOLDER / "go").exists():
        time.sleep(0.01)
    return HttpResponse("went")


urlpatterns = [
    path("pid", pid),
    path("echo/<str:rest>", lambda request, rest: echo(request)),
    path("file", file),
    path("export", export),
    path("memory", memory),
    path("wait", wait_for_file),
]


def authenticate(request):
    number = request.cookies.get("person", "")
    if not number.isdigit() or (FOLDER / f"gone-{number}").exists():
        return None
    return Actor(ActorKind.PERSON, person_id=int(number))


def deliver(event, actor):
    if event.name == "Broken":
        raise ValueError("a secret that must not reach the wire")
    if event.client_id == actor.person_id or event.client_id is None:
        return {"name": event.name, "thing": str(event.thing_id), "note": "한\nline"}
    return None


live_authenticator(authenticate)
live_feed("ticket", Feed(deliver))
live_recheck("SignedOutEverywhere", lambda event: event.thing_id)


def add(request):
    """Write `n` events as a worker would, positions and all; `client`, `name` and `thing` as asked."""
    last = Event.objects.order_by("-position").values_list("position", flat=True).first() or 0
    facts = {"client_id": request.GET.get("client"), "name": request.GET.get("name", "Happened")}
    facts |= {"thing_id": request.GET.get("thing", 7), "topic": request.GET.get("topic", "ticket")}
    count = int(request.GET.get("n", 1))
    rows = [
        Event(position=last + n, audience=1, command="c", actor_kind="system", **facts) for n in range(1, count + 1)
    ]
    with transaction.atomic():
        Event.objects.bulk_create(rows)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_notify('tierdesk_events', '')")
    return HttpResponse(str(last + count))


def figures(request):
    return JsonResponse(APPLICATIONS[0].figures())


APPLICATIONS = []
urlpatterns += [path("add", add), path("figures", figures)]


def main():
    if OPTIONS.get("migrate", True):
        call_command("migrate", verbosity=0)
    listener = open_socket("127.0.0.1", 0)
    (FOLDER / "port.new").write_text(str(listener.getsockname()[1]))
    (FOLDER / "port.new").replace(FOLDER / "port")

    def web():
        application: Application = load(read_environment())
        APPLICATIONS.append(application)
        run_web(application, [listener])

    def other():
        signal.pause()  # until SIGTERM ends it

    if OPTIONS.get("group"):

        def stubborn():
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            (FOLDER / "stubborn").write_text(str(os.getpid()))
            while True:
                signal.pause()

        roles = {"web-1": web, "web-2": web, "worker": other, "mail": other}
        if OPTIONS.get("stubborn"):
            roles["stubborn"] = stubborn
        sys.exit(run_group(roles, grace=OPTIONS.get("grace", 15)))
    web()


main()
