"""The two queries for details: where they are asked, and what they allow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from cx_billing.extract.windows import DAY


@dataclass(frozen=True)
class Query:
    """A paged query over an interval: where it is asked, and where its pages go."""

    name: str
    datasets: tuple[str, ...]
    path: str
    jobs: str
    needs: str
    items: str
    identity: str
    longest: timedelta
    body: dict


USERS_DETAILS = Query(
    name="users_details",
    datasets=("user_presence", "routing_status"),
    path="/api/v2/analytics/users/details/query",
    jobs="/api/v2/analytics/users/details/jobs",
    needs="analytics:userDetail:view",
    items="userDetails",
    identity="userId",
    longest=7 * DAY,
    body={"order": "asc"},
)
CONVERSATIONS = Query(
    name="conversations",
    datasets=("message_interactions",),
    path="/api/v2/analytics/conversations/details/query",
    jobs="/api/v2/analytics/conversations/details/jobs",
    needs="analytics:conversationDetail:view",
    items="conversations",
    identity="conversationId",
    longest=31 * DAY,
    body={
        "order": "asc",
        "orderBy": "conversationStart",
        "segmentFilters": [
            {
                "type": "or",
                "predicates": [
                    {
                        "type": "dimension",
                        "dimension": "mediaType",
                        "operator": "matches",
                        "value": "message",
                    }
                ],
            }
        ],
    },
)
QUERIES = (USERS_DETAILS, CONVERSATIONS)
