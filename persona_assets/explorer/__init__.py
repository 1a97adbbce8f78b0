"""The explorer: the warehouse in a browser, live (`persona explore`) or as a static site (`persona site`).

What a page is made of are the resources of a snapshot (`resources/`); `contract/` says what each
holds, for the server and the front end alike.
"""
