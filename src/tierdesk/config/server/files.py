"""Files on their way out: what Django's `FileResponse` hands to the server (PEP 3333, `wsgi.file_wrapper`)."""

from collections.abc import Iterator
from typing import BinaryIO

CHUNK_BYTES = 256 * 1024


class FileWrapper:
    """An open file to be sent. The bridge reads it in chunks of its own size, in a thread, and closes it."""

    def __init__(self, stream: BinaryIO, block_size: int = CHUNK_BYTES) -> None:
        self.stream = stream
        self.block_size = max(block_size, CHUNK_BYTES)

    def read_chunk(self) -> bytes:
        """The next bytes; none at the end."""
        return self.stream.read(self.block_size)

    def close(self) -> None:
        """Close the file; Django has put the closing of the whole response here."""
        self.stream.close()

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self.read_chunk():
            yield chunk
