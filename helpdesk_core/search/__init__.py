"""What people look for, and what is found: the language of searches and the contract of those who answer them."""
