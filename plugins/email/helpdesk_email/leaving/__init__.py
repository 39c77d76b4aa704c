"""How mail leaves: the server of a department, the signature of its domain, the history below an answer."""
