"""The raw datasets: their columns, natural keys and intervals, and the values a column can have."""

from __future__ import annotations

import re
from functools import cache

# name[:kind][mark]; no mark = optional column, ! = a value is needed, ? = the column is needed but
# may be empty.
COLUMNS = {
    "product_catalogue": "product_code:code! name! kind! unit_of_measure aliases",
    "contracts": "contract_id! org_name! region! license_model! billing_option! currency! "
    "effective_date:date! billing_account_id ramp_end_date:end term_end_date:end peak_rule "
    "ramp_license_billing ramp_resource_billing payment_terms_days:number tax_jurisdiction "
    "hourly_model minimum_monthly_amount:number messaging_pricing_model after_term prepay_raise "
    "hourly_switch",
    "contract_items": "contract_id! product_code:priced! committed_quantity:number! "
    "prepay_rate:number! overage_rate:number! effective_from:date effective_to:end "
    "published_rate:number",
    "users": "user_id! email! name",
    "license_assignments": "user_id! license:license! assigned_from:date! assigned_to:end",
    "user_presence": "user_id! system_presence:presence! start_time:time! end_time:time",
    "routing_status": "user_id! routing_status! start_time:time! end_time:time",
    "message_interactions": "conversation_id! customer_account? platform:platform! integration_id! "
    "start_time:time! end_time:time inactivity_timeout:time",
    "coverage": "dataset:dataset! covered_from:moment! covered_to:moment!",
    "resource_usage": "usage_date:date! resource:product! quantity:number!",
    "voice_usage": "sip_call_id! origin? destination? call_type! direction! start_time:time! "
    "duration_seconds:number! usage_rate_per_minute:number! total_cost:number! currency! "
    "usage_group usage_group_display",
    "phone_numbers": "phone_number:phone! number_type! purchased_date:date! released_date:end",
    "devices": "device_id! product_code:product! in_service_date:date! out_of_service_date:end",
    "orders": "order_id! product_code:ordered! quantity:number! unit_price:number! "
    "ordered_date:date! shipped_date:date is_hardware:flag",
    "billable_usage_report": "charge_name:name! entity:email! timestamp:time!",
    "concurrent_usage_report": "date:date! peak_concurrent_users:number! minutes_at_peak:number! "
    "license:name",
    "resources_usage_report": "date:date! resource:name! quantity:number!",
    "user_hour_report": "user:email! date:date! duration:duration!",
    "vendor_invoice_lines": "invoice_number! invoice_date:date! service_period_start:date! "
    "service_period_end:end! description! qty:number? rate:number? amount:number! currency section",
}
NATURAL_KEYS = {
    "product_catalogue": "product_code",
    "contracts": "contract_id",
    "contract_items": "contract_id product_code effective_from",
    "users": "user_id",
    "license_assignments": "user_id license assigned_from",
    "user_presence": "user_id system_presence start_time",
    "routing_status": "user_id routing_status start_time",
    "message_interactions": "conversation_id customer_account platform integration_id start_time",
    "coverage": "dataset covered_from",
    "resource_usage": "usage_date resource",
    "voice_usage": "sip_call_id direction start_time",
    "phone_numbers": "phone_number purchased_date",
    "devices": "device_id in_service_date",
    "orders": "order_id",
    "billable_usage_report": "charge_name entity timestamp",
    "concurrent_usage_report": "date license",
    "resources_usage_report": "date resource",
    "user_hour_report": "user date",
}
LATEST_END_WINS = {"user_presence", "routing_status", "message_interactions"}
INTERVALS = {
    "contracts": [("effective_date", "ramp_end_date"), ("effective_date", "term_end_date")],
    "contract_items": [("effective_from", "effective_to")],
    "license_assignments": [("assigned_from", "assigned_to")],
    "user_presence": [("start_time", "end_time")],
    "routing_status": [("start_time", "end_time")],
    "message_interactions": [("start_time", "end_time")],
    "coverage": [("covered_from", "covered_to")],
    "phone_numbers": [("purchased_date", "released_date")],
    "devices": [("in_service_date", "out_of_service_date")],
}
NOT_NEGATIVE = (
    "committed_quantity",
    "quantity",
    "duration_seconds",
    "minimum_monthly_amount",
)
CHOICES = {
    "license_model": {"named", "concurrent", "hourly"},
    "billing_option": {"annual_prepay", "annual_prepay_monthly", "month_to_month"},
    "peak_rule": {"sustained", "accumulated", "accumulated_exact"},
    "ramp_license_billing": {"waived", "actuals"},
    "ramp_resource_billing": {"waived", "actuals"},
    "hourly_model": {"logged_in", "interacting"},
    "messaging_pricing_model": {"per_conversation", "per_token"},
    "after_term": {"ends", "month_to_month"},
    "prepay_raise": {"co_term", "overage", "next_year"},
    "hourly_switch": {"latest", "any"},
    "kind": {"license_addon", "app", "device", "resource", "messaging", "one_time"},
}
ENDS = {end for pairs in INTERVALS.values() for _, end in pairs}
LOWER_CASE = {*CHOICES}
UPPER_CASE = {"routing_status", "currency"}


@cache
def columns_of(dataset: str) -> list[tuple[str, str, str]]:
    """The columns of `dataset`: name, kind, mark."""
    columns = []
    for word in COLUMNS[dataset].split():
        name, kind, mark = re.fullmatch(r"(\w+)(?::(\w+))?([!?]?)", word).groups()
        columns.append((name, kind or "text", mark))
    return columns
