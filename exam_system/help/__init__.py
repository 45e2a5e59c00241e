"""Tours: what each kind of person does here, step by step, with pictures of the real pages."""
