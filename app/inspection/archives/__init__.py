"""Archives and compressed files, read as streams within limits; nothing is unpacked to disk."""
