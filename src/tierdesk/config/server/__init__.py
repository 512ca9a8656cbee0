"""The web server: uvicorn in front, Django on a fixed set of threads, live streams beside it, one process group."""
