"""What people do with received mails: the desk page, mails that came back, senders that are blocked."""
