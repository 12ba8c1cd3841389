"""The program behind the Mastodon fixture: mastodon_mock on a socket it inherits, with a few people and no posts.

usage: python -m tests.servers.mastodon_app SOCKET_FD MEDIA_FOLDER
"""

import socket
import sys

import uvicorn
from mastodon_mock.app import create_app
from mastodon_mock.config import MastodonMockConfig, SeedAccount, SeedConfig, StreamingConfig

PEOPLE = ("bot", "alice", "bob")
CROWD = tuple(f"reader{number}" for number in range(80))  # one reply a week per person: many stories need many people


def token_of(name: str) -> str:
    """The access token of a seeded person."""
    return f"{name}-token"


def main() -> None:
    """Serve until a signal comes."""
    listener = socket.socket(fileno=int(sys.argv[1]))
    host, port = listener.getsockname()
    config = MastodonMockConfig(
        domain=f"{host}:{port}",
        url_scheme="http",
        media_storage_path=sys.argv[2],
        rules=["Be kind.", "Bots must say that they are bots."],
        streaming=StreamingConfig(heartbeat_seconds=0.5),
        seed=SeedConfig(
            accounts=[
                SeedAccount(username=name, display_name=name.title(), bot=name == "bot", access_token=token_of(name))
                for name in (*PEOPLE, *CROWD)
            ]
        ),
    )
    server = uvicorn.Server(uvicorn.Config(create_app(config), server_header=False, log_level="warning"))
    print("ready", flush=True)  # the socket listens already: callers wait in its queue until the app takes them
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
