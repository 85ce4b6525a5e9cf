-- What tells of data that is not there: of final invoices that are not covered, of licenses
-- and cycles the first instant, of datasets the accepted rows; and what lies after a term.
select
    org_id,
    'uncovered_invoices' as what,
    count(*) as rows_count,
    min(invoice_date)::timestamp as first_at,
    arg_max(coverage_note, invoice_date) as coverage_note
from marts.invoices
where invoice_status = 'final' and not is_covered
group by org_id
union all
select
    org_id,
    'cycles' as what,
    count(*) as rows_count,
    min(cycle_start_date)::timestamp as first_at,
    null as coverage_note
from marts.billing_cycles
where clock = 'core'
group by org_id
union all
select
    org_id,
    'licenses' as what,
    count(*) as rows_count,
    min(covered_from) as first_at,
    null as coverage_note
from marts.coverage
where dataset = 'license_assignments'
group by org_id
union all
select
    org_id,
    dataset as what,
    sum(rows_accepted) as rows_count,
    null as first_at,
    null as coverage_note
from marts.load_audit
where dataset in ('users', 'user_presence', 'billable_usage_report', 'user_hour_report')
group by org_id, dataset
union all
select
    rejected_rows.org_id,
    'after_term' as what,
    count(*) as rows_count,
    min(organizations.term_end_date)::timestamp as first_at,
    null as coverage_note
from marts.rejected_rows
inner join marts.organizations using (org_id)
where
    rejected_rows.reason = 'outside_contract'
    and not rejected_rows.is_retired
    and rejected_rows.expected like 'a time before %, when the term ended;%'
group by rejected_rows.org_id
order by org_id, what
