"""What customers have at the company: hosting accounts, domains, orders. Plugins supply it, core asks them."""
