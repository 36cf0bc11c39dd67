"""An SMTP server for tests. It listens on a free port of the loopback, which it prints, and writes each mail that it
accepts as a line of JSON to mails.jsonl in the folder that it is given. The file `rules` there says what else to do,
read anew for each command, a rule a line: an address or *, and a reply such as "550 5.1.1 Nobody", "hang", or "drop".
It ends with its standard input."""

import asyncio
import email
import email.policy
import json
import pathlib
import sys

from aiosmtpd.smtp import SMTP


class Handler:
    def __init__(self, folder):
        self.folder = folder

    def rule(self, address):
        path = self.folder / "rules"
        lines = path.read_text().splitlines() if path.exists() else []
        for line in lines:
            who, _, what = line.partition(" ")
            if who in ("*", address):
                return what
        return None

    async def handle_RCPT(self, server, session, envelope, address, options):
        with open(self.folder / "attempts", "a") as attempts:
            attempts.write(address + "\n")
        what = self.rule(address)
        if what == "hang":
            await asyncio.sleep(3600)
        if what == "drop":
            server.transport.abort()
        if what is not None:
            return what
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": [[name, str(value)] for name, value in message.items()],
            "raw": envelope.content.decode("ascii"),
            "text": parts.get("text/plain", ""),
            "html": parts.get("text/html", ""),
        }
        with open(self.folder / "mails.jsonl", "a") as mails:
            mails.write(json.dumps(mail) + "\n")
        return "250 2.0.0 Accepted"


async def serve(folder):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Handler(folder), hostname="localhost"), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(serve(pathlib.Path(sys.argv[1])))
