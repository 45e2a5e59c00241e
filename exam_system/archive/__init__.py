"""The archive of an exam: everything published of it and the whole log, as one signed zip."""
