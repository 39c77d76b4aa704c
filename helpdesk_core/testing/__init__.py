"""The kit that plugin authors, and the core itself, test with.

- `plugins`: `plugin_site`, a helpdesk with plugins enabled, its people, pages, events and mails
- `conformance`: `assert_conforms`, the rules for plugins as a test
- `browser`, `pages`: pages as a person sees them, forms filled in and sent
- `site`: `World` makes departments, people and tickets; `TestClock` is turned by the test
- `distributions`: small plugins made for one test, as pip would install them
- `databases`, `require`: SQLite, PostgreSQL and MariaDB; what a test needs from the machine
- `prepared`: databases that have tables already, as new for each test
- `queries`: how many queries something takes
- `fixtures`: `desk`, `world`, `clock`, `databases`, `database_url`, `no_network`, which pytest finds by itself
"""
