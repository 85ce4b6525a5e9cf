"""A small published warehouse, written by hand: what the pages and commands read."""

from __future__ import annotations

from pathlib import Path

import duckdb

from cx_billing import builds, lake

SEEDS = (
    "currencies",
    "difference_reasons",
    "invoice_sections",
    "publication_limits",
    "seal_limits",
    "alert_limits",
    "reject_reasons",
    "unbilled_reasons",
    "products",
    "product_prefixes",
)

# The published marts, as far as the pages read them: three invoices of two organizations.
MARTS = """
create schema marts;
create table marts.organizations as from (values
    ('acme', 'Acme <b>Air</b>', 'USD', 'concurrent', null::date, false, null::timestamp, null),
    ('kaze', 'Kaze KK', 'JPY', 'named', date '2026-04-10', true, timestamp '2026-04-19 03:00',
     'assert_x: A test <b>fails</b>.')
) t(
    org_id, org_name, currency, license_model, term_end_date, is_parked, parked_since,
    parked_reason
);
create table marts.build as from (values
    (7, date '2026-04-20', '1.0', 'f00', 'ba5', timestamp '2026-04-20 03:00', repeat('0', 64))
) t(build_number, as_of, version, rules_hash, inputs_hash, built_at, ledger_head);
create table marts.alerts (
    alert_id varchar primary key, org_id varchar, cycle_start_date date, alert varchar,
    product_code varchar, level integer, figure decimal(38, 6), limit_figure decimal(38, 6),
    seen_at timestamp, began_at timestamp, counts_at timestamp, message varchar
);
insert into marts.alerts values
    ('acme/2026-04-05/usage_passes_commitment/cx3/80', 'acme', date '2026-04-05',
     'usage_passes_commitment', 'cx3', 80, 9, 10, timestamp '2026-04-20', null, null,
     'acme: cx3 is at 9, more than 80 % of the 10 committed, in the cycle from 2026-04-05'),
    ('acme/2026-04-05/peak_forming/cx2/2026-04-19T09:02:00', 'acme', date '2026-04-05',
     'peak_forming', 'cx2', 20, 13, 12, timestamp '2026-04-19 09:14', timestamp '2026-04-19 09:02',
     timestamp '2026-04-19 09:32',
     'acme: cx2 has 14 users on, 12 are paid for; a peak of 13 counts at 09:32 if they stay');
create table marts.billing_cycles as from (values
    ('acme', 'core', timestamp '2026-03-05', date '2026-03-05', date '2026-04-05',
     timestamp '2026-04-05'),
    ('acme', 'voice', timestamp '2026-03-05 07:00:00', date '2026-03-05', date '2026-04-05',
     timestamp '2026-04-05 07:00:00'),
    ('acme', 'voice', timestamp '2026-04-05 07:00:00', date '2026-04-05', date '2026-05-05',
     timestamp '2026-04-20'),
    ('acme', 'core', timestamp '2026-04-05', date '2026-04-05', date '2026-05-05',
     timestamp '2026-04-20'),
    ('kaze', 'core', timestamp '2026-03-10', date '2026-03-10', date '2026-04-10',
     timestamp '2026-04-10')
) t(org_id, clock, cycle_start_at, cycle_start_date, cycle_end_date, usage_through_at);
create table marts.invoices as select *, null::timestamp as sealed_at, null::varchar as sealed_by
from (values
    ('acme-2026-04-05', 'acme', 'acme', date '2026-04-05', date '2026-05-05', 'USD',
     1234.5::decimal(18, 4), 12.35::decimal(18, 4), 1246.85::decimal(18, 4), 'final',
     true, 'voice_usage is complete as far as its rows show, to 2026-04-07 10:00'),
    ('acme-2026-05-05', 'acme', 'acme', date '2026-05-05', date '2026-06-04', 'USD',
     0.01, 0, 0.01, 'accruing', false, 'voice_usage ends at 2026-04-08 00:00'),
    ('kaze-2026-04-10', 'kaze', 'kaze', date '2026-04-10', date '2026-05-10', 'JPY',
     15000, 1500, 16500, 'final', false, 'user_presence ends at 2026-04-01 00:00')
) t(invoice_id, org_id, billing_account_id, invoice_date, due_date, currency,
    subtotal_amount, tax_amount, total_amount, invoice_status, is_covered, coverage_note);
create table marts.coverage as from (values
    ('acme', 'license_assignments', 'observed', timestamp '2026-03-05', timestamp '2026-04-08')
) t(org_id, dataset, basis, covered_from, covered_to);
create table marts.invoice_lines as
select *, case org_id when 'acme' then 'USD' else 'JPY' end as currency,
    case invoice_line_id when '5' then 'accruing' else 'final' end as invoice_status,
    null::date as corrected_invoice_date
from (values
    ('1', 'acme-2026-04-05', 'acme', date '2026-04-05', 'taxes_and_fees', 'tax_state',
     'State tax', 'tax', date '2026-03-05', date '2026-04-05',
     1::decimal(38, 6), 'each', 12.35::decimal(18, 6), 12.35::decimal(18, 4), false, null),
    ('2', 'acme-2026-04-05', 'acme', date '2026-04-05', 'telco', 'telco_outbound',
     'Outbound', 'usage', date '2026-03-05', date '2026-04-05',
     1000.1, 'minute', 0.0045, 1234.5, false, null),
    ('3', 'acme-2026-04-05', 'acme', date '2026-04-05', 'core_services', 'cx3',
     '[red]CX 3[/red] <script>', 'usage', date '2026-03-05', date '2026-04-05',
     7, 'user', 155, 0, true, 'ramp'),
    ('4', 'kaze-2026-04-10', 'kaze', date '2026-04-10', 'one_time', 'phone',
     'Phone', 'one_time', date '2026-03-20', date '2026-03-21', 1, 'each', 15000, 15000,
     false, null),
    ('5', 'acme-2026-05-05', 'acme', date '2026-05-05', 'core_services', 'ex',
     'EX', 'usage', date '2026-04-05', date '2026-05-05', 1, 'user', 0.01, 0.01, false, null)
) t(invoice_line_id, invoice_id, org_id, invoice_date, section, product_code, description,
    charge_type, service_period_start, service_period_end, quantity, unit_of_measure, unit_price,
    amount, is_waived, waiver_reason);
create table marts.invoice_line_evidence as from (values
    ('2', 'acme', 'rounding', 'amount', 0::decimal(38, 6), 0.004::decimal(38, 10), null, null),
    ('2', 'acme', 'call', 'f/1', 0.1, 0.496, timestamp '2026-03-06 10:00:00', null),
    ('2', 'acme', 'call', 'f/2', 1000, 1234, timestamp '2026-03-06 11:00:00', null),
    ('3', 'acme', 'peak', 'cx3', 0, 0, timestamp '2026-03-06 09:00:00',
     timestamp '2026-03-06 09:40:00'),
    ('3', 'acme', 'peak_user', '[red]ann <b>', 7, 0, timestamp '2026-03-06 08:00:00',
     timestamp '2026-03-06 12:00:00'),
    ('5', 'acme', 'user', 'bob', 2, 0.01, timestamp '2026-04-06 08:00:00', null),
    ('5', 'acme', 'commitment', 'c/ex/2026-03-05', -1, 0, null, null),
    ('4', 'kaze', 'order', 'o-1', 1, 15000, null, null)
) t(invoice_line_id, org_id, kind, evidence_key, quantity, amount, started_at, ended_at);
create table marts.invoice_reconciliation as
select *, case invoice_date when '2026-04-07' then '2026-04-05' else invoice_date end
    as expected_invoice_date
from (values
    ('r1', 'acme', 'V-77', date '2026-04-05', 'telco_outbound', 'usage', date '2026-03-05',
     date '2026-04-05', 'Outbound calls', 1000.1::decimal(38, 6), 1000.1::decimal(38, 6),
     1234.60::decimal(18, 4), 1234.5::decimal(18, 4), 0.1::decimal(18, 4), 'price_differs'),
    ('r2', 'acme', null, date '2026-04-05', 'cx3', 'usage', date '2026-03-05',
     date '2026-04-05', 'CX 3', null, 7, null, 0, 0, 'not_invoiced'),
    ('r3', 'acme', 'V-78', date '2026-04-07', 'telco_outbound', 'usage', date '2026-03-05',
     date '2026-04-05', 'Outbound calls', 1, 1, 1, 1, 0, 'matched'),
    ('r4', 'acme', 'V-78', date '2026-04-07', 'cx3', 'prepay', date '2026-04-05',
     date '2026-05-05', 'CX 3', 7, 7, 0, 0, 0, 'matched'),
    ('r5', 'kaze', null, date '2026-04-10', 'phone', 'one_time', date '2026-03-20',
     date '2026-03-21', 'Phone', null, 1, null, 15000, -15000, 'no_vendor_invoice')
) t(reconciliation_id, org_id, invoice_number, invoice_date, product_code, charge_type,
    service_period_start, service_period_end, description, invoiced_quantity, expected_quantity,
    invoiced_amount, expected_amount, variance_amount, reason);
create table marts.vendor_invoices as from (values
    ('acme', 'V-77', date '2026-04-07', 'acme-2026-04-05', 'USD', 'V-77-API, V-77-PDF',
     1334.60::decimal(28, 4), 1334.60::decimal(28, 4), 1489.50::decimal(28, 4),
     -154.90::decimal(28, 4), -155::decimal(28, 4), 0.10::decimal(28, 4), false, 0::decimal(28, 4),
     null::varchar),
    ('acme', 'V-78', date '2026-05-07', 'acme-2026-05-05', 'EUR', null, 9, 9, null, null, null, 0,
     false, 0, null),
    ('kaze', 'V-77', date '2026-04-10', 'kaze-2026-04-10', 'JPY', null, 15000, 15000, 15000, 0, 0,
     0, true, 0, null)
) t(org_id, invoice_number, invoice_date, expected_invoice_ids, currency, other_numbers,
    printed_total, lines_total, expected_total, variance_amount, explained_amount,
    unexplained_amount, is_agreed, unchecked_tax_amount, unchecked_tax_jurisdiction);
create table marts.vendor_invoice_lines as from (values
    ('acme', 'V-77', 1, true, 'Telco', 'telco_outbound', 'Outbound - U.S.',
     1000::decimal(38, 6), 1::decimal(28, 10), 1000::decimal(28, 4), 'V-77/telco_outbound/arrears',
     2, 1000.1::decimal(38, 6), 1234.5::decimal(28, 4), 0.1::decimal(28, 4), 'unexplained'),
    ('acme', 'V-77', 2, true, 'Telco', 'telco_outbound', 'Outbound - International', 0.1, 2346,
     234.6, 'V-77/telco_outbound/arrears', 2, null, null, null, null),
    ('acme', 'V-77', 3, true, null, null, '[red]Sky[/red] <script>', 5, 20, 100,
     'V-77/unknown/arrears/f/3', 1, null, 0, 100, 'renamed_product'),
    ('acme', 'V-77', 4, false, null, 'phone', 'Phone', null, null, null, 'V-77/phone/arrears', 0,
     5, 100, -100, null),
    ('acme', 'V-77', 5, false, null, 'cx3', 'CX 3', null, null, null, 'V-77/cx3/arrears', 0, 1,
     155, -155, 'usage_without_line'),
    ('acme', 'V-78', 1, true, null, 'cx3', 'CX 3', 1, 9, 9, 'V-78/cx3/arrears', 1, 1, 8, 1, null),
    ('kaze', 'V-77', 1, true, null, 'phone', 'Phone', 1, 15000, 15000, 'V-77/phone/arrears', 1, 1,
     15000, 0, null)
) t(org_id, invoice_number, line_number, is_printed, section, product_code, description,
    printed_quantity, printed_price, printed_amount, group_id, lines_in_group, expected_quantity,
    expected_amount, variance_amount, reasons);
create table marts.invoice_differences as
select *, case invoice_number when 'V-77' then 'V-77/' || product_code || '/arrears' end as group_id
from (values
    ('d1', 'acme', 'V-77', 'unexplained', 'telco_outbound', 0.1::decimal(28, 4),
     0.1::decimal(28, 4), 'Calls: 1234.6, not 1234.5.', null),
    ('d2', 'acme', 'V-77', 'usage_without_line', 'cx3', -155, -155, 'We expect 1 at 155, 155.',
     null),
    ('d3', 'acme', 'V-77', 'renamed_product', 'phone', 0, 0, 'Sky equals our line of phone.', null),
    ('d4', 'acme', 'V-78', 'other_currency', null, null, null, 'The invoice is in EUR.', null)
) t(difference_id, org_id, invoice_number, reason, product_code, amount, claim_amount, explanation,
    caused_by);
create table marts.disputes as
select *, if(dispute_id = 'acme/V-77', ['d1'], []) as difference_ids, null::date as opened_date
from (values
    ('acme/V-77', 'acme', 'V-77', 100::decimal(28, 4), 40::decimal(28, 4), 45::decimal(28, 4),
     15::decimal(28, 4), 'partly_recovered', null, 'USD', date '2026-04-07', 'refused',
     date '2026-05-10', '[red]Ana[/red] <script>', 'V-78', 0::decimal(28, 4), 31),
    ('acme/V-70', 'acme', 'V-70', 7, 0, 7, 0, 'sent', 'cx3', 'USD', date '2026-01-07', 'sent',
     date '2026-01-10', null, null, 0, 91),
    ('acme/V-71', 'acme', 'V-71', 3, 0, 3, 0, 'not_opened', null, 'USD', date '2026-05-01', null,
     null, null, null, 0, 30),
    ('acme/V-78//unmatched', 'acme', 'V-78', 0, 0, 0, 0, 'unmatched_credit', null, 'USD',
     date '2026-05-07', null, null, null, 'V-78', 12.5, null),
    ('kaze/V-77', 'kaze', 'V-77', 500, 500, 0, 0, 'recovered', null, 'JPY', date '2026-04-10', null,
     null, null, 'V-80', 0, null)
) t(dispute_id, org_id, invoice_number, claimed_amount, recovered_amount, open_amount,
    refused_amount, status, product_code, currency, invoice_date, last_event, last_event_date,
    last_recorded_by, credit_invoice_numbers, unmatched_credit_amount, open_days);
create table marts.invoice_calendar as
select *, expected_date + 10 as expected_by from (values
    ('acme-2026-03-05', 'acme', date '2026-03-05', 'missing', 'USD', 10::decimal(28, 4), null,
     null::date, null::decimal(28, 4), 61, null),
    ('acme-2026-03-06', 'acme', date '2026-03-06', 'rejected', 'USD', 20, null, null, null, null,
     'acme/vendor_invoice_lines/[red]a.csv'),
    ('acme-2026-04-05', 'acme', date '2026-04-05', 'received', 'USD', 1246.85, 'V-77',
     date '2026-04-07', 1334.6, null, null),
    ('acme-2026-04-30', 'acme', date '2026-04-30', 'due', 'USD', 1, null, null, null, null, null),
    ('acme-2026-05-05', 'acme', date '2026-05-05', 'not_yet_due', 'USD', 0.01, null, null, null,
     null, null),
    ('kaze-2026-04-10', 'kaze', date '2026-04-10', 'never_delivered', 'JPY', 16500, null, null,
     null, null, null),
    ('kaze-2026-05-10', 'kaze', date '2026-05-10', 'not_yet_due', 'JPY', 16500, null, null, null,
     null, null)
) t(invoice_id, org_id, expected_date, status, currency, expected_total, vendor_invoice_numbers,
    first_received_date, printed_total, days_overdue, rejected_files);
create table marts.telco_reconciliation as
select *, (cycle_start_date + interval 1 month)::date as invoice_date from (values
    ('acme', date '2026-03-05', 'outbound', 321, 1000.1::decimal(38, 6), 1234.50123::decimal(38, 6),
     1234.5::decimal(18, 4), 1000::decimal(18, 4), 234.6::decimal(18, 4), 1234.6::decimal(18, 4),
     0.1::decimal(18, 4), 'differs'),
    ('acme', date '2026-04-05', 'inbound', 654, 1, 1, 1, 1, 0, 1, 0, 'matches')
) t(org_id, cycle_start_date, service, calls_count, cdr_minutes, cdr_cost, rated_cost,
    invoiced_us_amount, invoiced_international_amount, invoiced_amount, variance_amount, status);
create table marts.call_audit as
select *, '***0100' as origin, '***0199' as destination, 60 as duration_seconds,
    timestamp '2026-03-06 10:00:00' as started_at, 0.0119::decimal(28, 10) as rate_per_minute,
    amount + 0.0119::decimal(28, 4) as reported_cost, 0.0119::decimal(28, 4) as rated_cost
from (values
    ('acme', 'f/1', 's1', 'mispriced', date '2026-03-05', 'outbound', 5::decimal(28, 10),
     5::decimal(28, 10), 'USD'),
    ('acme', 'f/2', 's2', 'mispriced', date '2026-03-05', 'outbound', -0.5, -0.5, 'USD'),
    ('acme', 'f/3', '[red]s3', 'delivered_again', date '2026-03-05', 'inbound', 80, 0, 'USD'),
    ('acme', 'f/4', 's4', 'outside_every_cycle', null, null, 9, 0, 'USD'),
    ('acme', 'f/5', 's5', 'mispriced', date '2026-04-05', 'outbound', 77, 77, 'USD'),
    ('kaze', 'f/6', 's6', 'mispriced', date '2026-03-05', 'outbound', 66, 66, 'JPY')
) t(org_id, call_id, sip_call_id, finding, cycle_start_date, service, amount, claim_amount,
    currency);
create table marts.inventory_audit as
select *, row_number() over () as inventory_finding_id, 'USD' as currency from (values
    ('acme', date '2026-03-05', 'number_mrc', null, 'billed_not_held', 6::decimal(38, 6),
     4::decimal(38, 6), 6::decimal(28, 4), 3.48::decimal(28, 4), 2.52::decimal(28, 4), null, null),
    ('acme', date '2026-03-05', 'phone', null, 'held_not_billed', 1, 2, 6.5, 13, -6.5, null, null),
    ('acme', date '2026-03-05', 'phone', null, 'use_not_known', null, 2, null, null, null, null,
     null),
    ('acme', date '2026-03-05', 'number_mrc', 'local', 'never_used', null, 1, null, null, 1,
     '***0102', date '2026-01-01'),
    ('acme', date '2026-03-05', 'number_mrc', 'local', 'use_not_known', null, 3, null, null, null,
     null, null),
    ('acme', date '2026-04-05', 'own_phone', null, 'no_vendor_invoice', 0, 9, null, 9, null, null,
     null),
    ('acme', date '2026-04-05', 'edge_virtual', null, 'held_without_price', 0, 1, null, null, null,
     null, null)
) t(org_id, cycle_start_date, product_code, number_type, finding, billed_quantity, held_quantity,
    billed_amount, expected_amount, amount, phone_number, purchased_date);
create table marts.short_call_surcharges as
select *, (cycle_start_date + interval 1 month)::date as invoice_date from (values
    ('acme', date '2026-03-05', 4000, 1000, 0.25::decimal(38, 6), 600, 0.01::decimal(18, 6),
     6::decimal(18, 4), 599, 'differs')
) t(org_id, cycle_start_date, completed_calls, short_calls, short_share, surcharge_quantity, rate,
    amount, invoiced_quantity, status);
create table marts.concurrency_peaks as
select
    *,
    case org_id when 'acme' then 'concurrent' else 'named' end as license_model,
    org_id = 'acme' as is_billed_by_peak
from (values
    ('acme', date '2026-03-05', 'cx_all', 44, 41, 42, 40, 'sustained', 41,
     timestamp '2026-03-09 15:00:00', timestamp '2026-03-09 15:31:00.5'),
    ('acme', date '2026-03-05', 'cx3', 4, 3, 3, 3, 'sustained', 3, null, null),
    ('acme', date '2026-04-05', 'cx_all', 4, 3, 3, 3, 'accumulated', 3, null, null),
    ('kaze', date '2026-03-10', 'cx_all', 4, 4, 3, 5, 'sustained', 4, null, null)
) t(org_id, cycle_start_date, pool, highest_users, sustained_users, accumulated_users,
    accumulated_exact_users, peak_rule, billable_users, peak_started_at, peak_ended_at);
create table marts.peak_readings as
select *, 155 * billable_quantity::decimal(28, 4) as overage_amount,
    if(billable_quantity > 0, 155, 0)::decimal(28, 10) as saved_price
from (values
    ('acme', date '2026-03-05', 'cx3', 'highest', 4, false, 2::decimal(38, 6), 2, 1, false,
     'compared'),
    ('acme', date '2026-03-05', 'cx3', 'sustained', 3, true, 2, 1, 1, true, 'compared'),
    ('acme', date '2026-03-05', 'cx3', 'accumulated', 3, false, 2, 1, 1, true, 'compared'),
    ('acme', date '2026-03-05', 'cx3', 'accumulated_exact', 2, false, 2, 0, 1, false, 'compared'),
    ('acme', date '2026-03-05', 'cx2', 'highest', 9, false, 2, 7, 5, false, 'compared'),
    ('acme', date '2026-03-05', 'cx2', 'sustained', 8, true, 2, 6, 5, false, 'compared'),
    ('acme', date '2026-03-05', 'cx1', 'highest', 1, false, 0, 1, null, null, 'no_invoice'),
    ('acme', date '2026-03-05', 'cx1', 'sustained', 1, true, 0, 1, null, null, 'no_invoice')
) t(org_id, cycle_start_date, pool, reading, users_count, is_contract_rule, committed_quantity,
    billable_quantity, invoiced_quantity, is_invoiced, comparison);
create table marts.peak_explanations as from (values
    ('acme', date '2026-03-05', 'cx3', 'highest', 4, false, 1, timestamp '2026-03-10 09:20:00',
     timestamp '2026-03-10 09:27:00', timestamp '2026-03-10 09:27:00', 7::decimal(38, 6), 4,
     ['ann', 'ben', 'cid', '[red]dan[/red]'], null::integer, null::integer),
    ('acme', date '2026-03-05', 'cx3', 'sustained', 3, true, 2, '2026-03-10 09:00:00',
     '2026-03-10 09:30:00', '2026-03-12 10:00:00', 65.5, 4, ['ann', 'ben', 'cid', 'dan'], 1, 1),
    ('acme', date '2026-03-05', 'cx3', 'accumulated', 3, false, 3, '2026-03-09 09:00:00',
     '2026-03-09 09:10:00', '2026-03-12 10:00:00', 75.5, 4, ['ann', 'ben', 'cid', 'dan'], null,
     null),
    ('acme', date '2026-03-05', 'cx3', 'accumulated_exact', 2, false, 1, '2026-03-09 09:00:00',
     '2026-03-09 09:40:00', '2026-03-09 09:40:00', 40, 2, ['ann', 'ben'], null, null),
    ('acme', date '2026-04-05', 'cx_all', 'accumulated', 3, true, 2, '2026-04-06 09:00:00',
     '2026-04-06 09:20:00', '2026-04-06 12:20:00', 40, 13,
     ['u1', 'u2', 'u3', 'u4', 'u5', 'u6', 'u7', 'u8', 'u9', 'u10', 'u11', 'u12', 'u13'], 2, 4)
) t(org_id, cycle_start_date, pool, reading, users_count, is_contract_rule, stretches_count,
    started_at, ended_at, last_ended_at, counted_minutes, users_on_count, user_ids,
    fewer_users_at_least, fewer_users_at_most);
create table marts.peak_sensitivity as
select 'acme' as org_id, date '2026-03-05' as cycle_start_date, 'cx3' as pool, reading,
    minutes::integer as minimum_minutes, if(minutes > 30, 2, 3) as users_count,
    reading = 'sustained' as is_contract_rule, minutes = 30 as is_contract_minutes
from unnest(['sustained', 'accumulated', 'accumulated_exact']) readings(reading),
    range(25, 36) lengths(minutes);
create table marts.concurrency_curve as from (values
    ('acme', date '2026-03-05', 'cx3', timestamp '2026-03-09 09:00:00',
     timestamp '2026-03-09 10:00:00', 3, false),
    ('acme', date '2026-03-05', 'cx3', '2026-03-10 09:00:00', '2026-03-10 09:20:00', 3, true),
    ('acme', date '2026-03-05', 'cx3', '2026-03-10 09:20:00', '2026-03-10 09:27:00', 4, true),
    ('acme', date '2026-03-05', 'cx3', '2026-03-10 09:27:00', '2026-03-10 09:30:00', 3, true),
    ('acme', date '2026-04-05', 'cx_all', '2026-04-06 09:00:00', '2026-04-06 09:20:00', 3, true),
    ('acme', date '2026-04-05', 'cx_all', '2026-04-06 09:20:00', '2026-04-06 10:00:00', 2, true)
) t(org_id, cycle_start_date, pool, started_at, ended_at, users_count, is_exact);
create table marts.concurrency_daily as from (values
    ('acme', date '2026-03-09', 'cx_all', 44, 12, date '2026-03-05'),
    ('acme', date '2026-04-05', 'cx_all', 39, 9, date '2026-04-05'),
    ('acme', date '2026-03-10', 'cx3', 4, 7, date '2026-03-05')
) t(org_id, usage_date, pool, peak_users, minutes_at_peak, cycle_start_date);
create table marts.user_hours_daily as from (values
    ('acme', date '2026-04-06', 3600), ('acme', date '2026-04-19', 86400)
) t(org_id, usage_date, logged_in_seconds);
create table marts.calls as from (values
    ('acme', timestamp '2026-03-06 10:00:00', date '2026-03-05', 'outbound',
     5.0119::decimal(28, 10), 0.0119::decimal(28, 4)),
    ('acme', timestamp '2026-03-06 10:00:00', date '2026-03-05', 'byoc', 0, 7),
    ('acme', timestamp '2026-04-07 10:00:00', date '2026-04-05', 'outbound', 9, 9)
) t(org_id, started_at, cycle_start_date, service, reported_cost, rated_cost);
create table marts.conversations as from (values
    ('acme', timestamp '2026-04-05 10:00:00')
) t(org_id, last_interaction_at);
create table marts.resource_usage as from (values
    ('acme', date '2026-03-05', 7), ('acme', date '2026-04-05', 0)
) t(org_id, cycle_start_date, used_quantity);
create table marts.unbilled_usage as from (values
    ('acme', date '2026-03-05', 'cx3', 'within_commitment', 3::decimal(38, 6), 'user'),
    ('acme', date '2026-04-05', 'sms_messages', 'no_contract_item', 1200.5, 'message'),
    ('kaze', date '2026-03-10', 'phone', 'no_contract_item', 2, 'device')
) t(org_id, cycle_start_date, product_code, reason, quantity, unit_of_measure);
create table marts.load_audit as
select *, null::varchar as later_invoices, null::varchar as replaced_invoices from (values
    ('f1', 'acme', 'voice_usage', 'acme/voice_usage/a.csv', timestamp '2026-05-01 08:00:00',
     null::timestamp, 21, 10, 0, 11, 0),
    ('f2', 'kaze', 'orders', 'kaze/orders/a.csv', '2026-05-01 08:00:01', null, 1, 1, 0, 0, 0),
    ('f3', 'lost', 'users', 'lost/users/a.csv', '2026-05-01 08:00:02', null, 1, 0, 0, 1, 0),
    ('f4', 'kaze', 'orders', 'kaze/orders/b.csv', '2026-05-01 08:00:03', '2026-05-02', 2, 0, 2, 0,
     0)
) t(file_id, org_id, dataset, source_file, landed_at, withdrawn_at, rows_in_file, rows_accepted,
    rows_duplicate, rows_rejected, missing_parts);
create table marts.unmapped_names as
select 'system_presence' as column_name, 'NAPPING' as unmapped_name,
    'counted_as_logged_in' as effect;
create table marts.missing_data as from (values
    ('kaze', 'uncovered_invoices', 'all', true, 1, timestamp '2026-04-10', null::timestamp,
     'user_presence ends at 2026-04-01 00:00')
) t(org_id, finding, dataset, is_bill_affected, items_count, first_at, last_at, note);
create table marts.rejected_rows as
    select 'acme' as org_id, 'voice_usage' as dataset, 'acme/voice_usage/a.csv' as source_file,
        i as source_row, 'not_a_number' as reason, 'duration_seconds' as column_name,
        'a minute or ' || i as value, 'whole seconds, like 60' as expected, i > 10 as is_retired,
        '{"sip_call_id":"c' || i || '","origin":null}' as raw_row
    from range(1, 12) t(i)
    union all
    from (values
        ('acme', 'contracts', 'acme/contracts/a.csv', 2, 'overlapping_contract', 'effective_date',
         '2026-01-05', 'another day', false, '{"contract_id":"c-2"}'),
        ('acme', 'contract_items', 'acme/contract_items/a.csv', 3, 'wrong_column_count', null,
         null, 'as many values', false,
         '{"contract_id":null,"raw_text":"c-1,cx3,' || repeat('9', 200) || '"}'),
        ('lost', 'contract_items', 'lost/contract_items/a.csv', 1, 'no_contract', null, null,
         'a contract', false, null),
        ('lost', 'users', 'lost/users/a.csv', 1, 'no_contract', null, null, 'a contract', false,
         '{"user_id":"u1"}')
    );
"""

# Lines of the vendor's invoices that are dated after the build, or that a later file replaced.
IN_NO_FIGURE = """
update marts.load_audit set dataset = 'vendor_invoice_lines', later_invoices =
    '[{"invoice_number":"V-90","invoice_date":"2027-05-07","lines_count":17,
       "as_of_date":"2026-06-15"},
      {"invoice_number":"V-77-PDF","invoice_date":"2026-06-15","lines_count":1,
       "as_of_date":"2026-06-15"}]' where file_id = 'f1';
update marts.load_audit set dataset = 'vendor_invoice_lines', replaced_invoices =
    '[{"invoice_number":"V-77","replaced_by":"kaze/p2.csv","lines_count":9,"left_out_count":9},
      {"invoice_number":"V-76","replaced_by":"kaze/p3.csv","lines_count":9,"left_out_count":4}]'
    where file_id = 'f2';
"""


def publish_marts(home: Path, number: int = 7, changed: str = "") -> Path:
    """Publish the marts as a build of a home, after the statements `changed`."""
    database = home / "builds" / str(number) / builds.PUBLISHED
    database.parent.mkdir(parents=True)
    with duckdb.connect(str(database)) as connection:
        connection.execute(MARTS)
        connection.execute("create schema reference")
        for seed in SEEDS:
            file = lake.PROJECT_DIR / "seeds" / f"{seed}.csv"
            connection.execute(f"create table reference.{seed} as from read_csv('{file}')")
        connection.execute(changed)
    builds.publish(home, database)
    (home / "lake").mkdir(exist_ok=True)
    return home
