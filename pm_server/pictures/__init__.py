"""Images that no browser shows, TIFF above all, drawn as PNG by a child process with limits.

``drawing`` is the door: it gives an open file to ``child``, which reads one plane of it (``tiff``,
``arrays``; ``segments`` decompresses), makes it small (``shrinking``) and visible (``contrast``).
"""
