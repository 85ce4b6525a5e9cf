"""How the platform of the tests answers for details: queries with pages, jobs with cursors.

What it refuses, the platform refuses: an interval that is too long, a page that is too large or
too deep. A job knows what happened up to `available` and says so; a query knows what happened up
to now.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from platform_history import DAY, Platform, written


class DetailsAnswers:
    """The part of the handler that answers for details."""

    platform: Platform
    bent: str

    def _interval(self, content: dict, longest: timedelta) -> tuple[datetime, datetime] | None:
        start, end = map(datetime.fromisoformat, content["interval"].split("/"))
        if not start < end:
            self._refuse(400, "The interval is empty.")
        elif end - start > longest:
            self._refuse(400, f"The interval must not exceed {longest.days} days.")
        else:
            return start, end
        return None

    def _page(self, items: list, content: dict) -> list | None:
        size, number = content["paging"]["pageSize"], content["paging"]["pageNumber"]
        if size > 100:
            self._refuse(400, "pageSize must not exceed 100.")
        elif size * number > self.platform.most_hits:
            self._refuse(400, f"Paging must not exceed {self.platform.most_hits} results.")
        else:
            return [] if self.bent == "empty" else self._cut(items, size, number)
        return None

    def _cut(self, items: list, size: int, number: int) -> list:
        """A page; one of several that repeats the one before it, or its last item, if bent so."""
        if self.bent == "repeated" and number > 1:
            number -= 1
        start = size * (number - 1) - (self.bent == "shifted" and number > 1)
        return items[start : start + size]

    def _users_details(self, content: dict) -> None:
        filtered = content.get("userFilters")
        if (interval := self._interval(content, 31 * DAY if filtered else 7 * DAY)) is None:
            return
        items = self.platform.users_details(*interval)
        if (page := self._page(items, content)) is not None:
            exact = len(items) + 5 * (self.bent == "overtold")
            hits = {"totalHits": exact if self.bent else len(items) * 9 // 10}  # approximate
            self._answer({"userDetails": page, **hits} if page else hits)

    def _conversations(self, content: dict) -> None:
        if (interval := self._interval(content, 31 * DAY)) is None:
            return
        items = self.platform.conversations(*interval, self._media(content))
        if (page := self._page(items, content)) is not None:
            hits = {"totalHits": len(items)}
            self._answer({"conversations": page, **hits} if page else {})

    def _followed(self, content: dict) -> None:
        identities = content.get("id", "").split(",")
        if len(identities) > 100:
            self._refuse(400, "too many ids")
            return
        known = {talk.conversation_id: talk for talk in self.platform.talks}
        found = [known[identity] for identity in identities if identity in known]
        now = self.platform.now
        self._answer({"conversations": [self.platform.conversation(talk, now) for talk in found]})

    def _media(self, content: dict) -> str | None:
        media = None
        for filters in content.get("segmentFilters", []):
            for predicate in filters["predicates"]:
                assert predicate["dimension"] == "mediaType", predicate
                media = predicate["value"]
        return media

    def _job(self, method: str, path: str, content: dict) -> bool:
        """Jobs of both kinds; whether it was one."""
        kind, _, rest = path.removeprefix("/analytics/").partition("/details/jobs")
        if kind not in ("users", "conversations"):
            return False
        _, number, *more = [*rest.split("/"), ""]
        if rest == "/availability":
            self._answer({"dataAvailabilityDate": written(self.platform.reaches)})
        elif method == "POST":
            if self._interval(content, 31 * DAY) is None:
                return True
            assert "paging" not in content, content
            self.platform.jobs.append((kind, content))
            self._answer({"jobId": f"{len(self.platform.jobs)}"}, 202)
        elif more[0] == "results":
            self._job_results(kind, self.platform.jobs[int(number) - 1][1], content)
        else:
            polls = len(self.platform.asked_of(path))
            self._answer(
                {"state": self.bent or ("QUEUED", "PENDING", "FULFILLED")[min(polls, 3) - 1]}
            )
        return True

    def _job_results(self, kind: str, query: dict, content: dict) -> None:
        start, end = map(datetime.fromisoformat, query["interval"].split("/"))
        horizon = self.platform.reaches
        if kind == "users":
            name, items = "userDetails", self.platform.users_details(start, end, horizon)
        else:
            name, media = "conversations", self._media(query)
            items = self.platform.conversations(start, end, media, horizon)
        items = items[self.bent == "lacking" : 110 if self.bent == "short" else None]
        size, number = self.platform.job_page, int(content.get("cursor", "1"))
        page: dict = {name: self._cut(items, size, number)}
        if self.bent == "empty":
            page = {}
        elif size * number < len(items):
            page["cursor"] = str(number + (self.bent != "circular"))
        if "cursor" not in page:
            page["dataAvailabilityDate"] = written(end - DAY if self.bent == "behind" else horizon)
        self._answer(page)
