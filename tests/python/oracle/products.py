"""The codes of products, and what kind each is; their names are in `catalogue`."""

from __future__ import annotations

import re

LICENSE_RANK = {
    "ex": 1,
    "collaborate": 2,
    "communicate": 3,
    "cx1": 10,
    "cx2_digital": 19,
    "cx2": 20,
    "cx3_digital": 29,
    "cx3": 30,
    "cx4": 40,
}
CX_LICENSES = {code for code in LICENSE_RANK if code.startswith("cx")}
# HOUR-03: the licenses and add-ons that a designated user holds by the hour.
QUALIFYING = {
    *CX_LICENSES,
    "cx1_digital_addon",
    "cx1_wem_addon",
    "cx2_wem_addon",
    "work_automation_addon",
}
HOURLY = {f"{code}_hourly" for code in QUALIFYING}
DESIGNATION = "hourly_interacting"
STA = "sta_addon"
WORKFORCE = {"cx1_wem_addon", "cx2_wem_addon"}
ADDONS = {*QUALIFYING - CX_LICENSES, "agent_assist", "agent_copilot", STA}
WALLBOARD = "wallboard_account"  # LIC-11
FAIR_USE = {
    "ivr_minutes",
    "data_storage_gb",
    "api_requests",
    "byoc_minutes",
    "voice_transcription_minutes",
    "voice_transcription_legacy_native_minutes",
    "voice_transcription_legacy_extended_minutes",
    "ai_tokens",
    "decision_executions",
    "cases",
    "tts_characters",
    "outbound_attempts",
    "work_items",
    "journey_events",
    "byo_sms_messages",
}
# FU-13, CONV-09: the token meters, delivered as resources.
METERS = {
    "voice_bot_minutes",
    "digital_bot_sessions",
    "virtual_agent_interactions",
    "agentic_virtual_agent_interactions",
    "ai_scoring_evaluations",
    "translations",
    "summaries",
    "messages_facebook",
    "messages_instagram",
    "messages_whatsapp",
    "messages_apple",
}
PLATFORMS = {
    "facebook",
    "twitter",
    "whatsapp",
    "line",
    "instagram",
    "apple",
    "open",
    "webmessaging",
}
DEVICES = {"edge_physical", "edge_virtual", "phone"}
OTHER_PRODUCTS = {
    WALLBOARD,
    *(f"conversation_{platform}" for platform in PLATFORMS),
    *(f"whatsapp_template_{kind}" for kind in ("marketing", "utility", "authentication")),
    "telco_inbound",
    "telco_outbound",
    "telco_extended_outbound",
    "telco_toll_free",
    "short_call_surcharge",
    "tax_federal",
    "tax_state",
    "tax_local",
}
OPEN_PRODUCTS = re.compile(r"(sms_messages|sms_class_\w+|number_(mrc|nrc)(_\w+)?|conversation_\w+)")
PRODUCTS = {
    *LICENSE_RANK,
    *ADDONS,
    *HOURLY,
    *FAIR_USE,
    *METERS,
    *DEVICES,
    *OTHER_PRODUCTS,
}
