"""Where new mail goes beside its address: an administrator's rules, blocked senders, and what looks like spam."""
