"""The API: its frame (authentication, errors, pages, OpenAPI) and its endpoints, which only wire services."""
