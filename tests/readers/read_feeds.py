"""Reads feeds as programs written with feedparser do: addresses on standard input, one JSON object a line."""

import json
import sys

import feedparser

for address in sys.stdin.read().split():
    found = feedparser.parse(address)
    again = feedparser.parse(address, etag=found.get("etag"), modified=found.get("modified"))
    print(json.dumps({
        "address": address,
        "wrong": str(found.get("bozo_exception", "")) if found.bozo else "",
        "version": found.get("version", ""),
        "title": found.feed.get("title", ""),
        "self": [link.href for link in found.feed.get("links", []) if link.rel == "self"],
        "unchanged": again.get("status") == 304,
        "entries": [
            {
                "id": entry.get("id"),
                "title": entry.get("title"),
                "link": entry.get("link"),
                "author": entry.get("author"),
                "dated": entry.get("published_parsed") is not None,
                "text": (entry.get("content") or [{"value": entry.get("summary", "")}])[0]["value"],
            }
            for entry in found.entries
        ],
    }))
