with

-- An invoice of the vendor that is of no date of ours, neither by its own date nor by what
-- its lines belong to: it answers none.
vendor_invoices as (

    select
        compared.org_id,
        compared.invoice_number,
        min(compared.invoice_date) as invoice_date,
        bool_and(invoices.org_id is null) as meets_none,
        bool_or(compared.reason = 'currency_differs') as is_in_other_currency
    from {{ ref('invoice_reconciliation') }} as compared
    left join {{ ref('invoices') }} as invoices
        on
            compared.org_id = invoices.org_id
            and invoices.invoice_date
            in (compared.invoice_date, compared.expected_invoice_date)
    where compared.invoice_number is not null
    group by compared.org_id, compared.invoice_number

),

found as (

    select * from {{ ref('int_datasets_missing') }}
    union all by name
    select
        org_id,
        effect as finding,
        dataset,
        sum(names_count) as items_count,
        nullif(sum(names_in_users), 0)::varchar as note
    from {{ ref('unmapped_names') }}
    where effect in ('holder_without_presence', 'presence_without_license')
    group by org_id, dataset, effect
    union all by name
    select
        org_id,
        'uncovered_invoices' as finding,
        count(*) as items_count,
        min(invoice_date)::timestamp as first_at,
        arg_max(coverage_note, invoice_date) as note
    from {{ ref('invoices') }}
    where invoice_status = 'final' and not is_covered
    group by org_id
    union all by name
    select
        org_id,
        if(is_before_all, 'begins_late', 'gaps') as finding,
        dataset,
        count(*) as items_count,
        min(gap_from) as first_at,
        arg_min(gap_to, (gap_from, gap_to)) as last_at
    from {{ ref('int_coverage_gaps') }}
    group by org_id, dataset, is_before_all
    union all by name
    select
        outside.org_id,
        'after_term' as finding,
        count(*) as items_count,
        min(organizations.term_end_date)::timestamp as first_at
    from {{ ref('int_rows_outside_contract') }} as outside
    inner join {{ ref('organizations') }} as organizations
        on outside.org_id = organizations.org_id
    where outside.is_after_term
    group by outside.org_id
    union all by name
    select
        org_id,
        if(meets_none, 'vendor_invoice_alone', 'vendor_invoice_in_other_currency')
            as finding,
        'vendor_invoice_lines' as dataset,
        count(*) as items_count,
        min(invoice_date)::timestamp as first_at,
        min_by(invoice_number, (invoice_date, invoice_number)) as note
    from vendor_invoices
    where meets_none or is_in_other_currency
    group by org_id, meets_none

)

select
    org_id,
    finding,
    coalesce(dataset, 'all') as dataset,
    finding <> 'no_users' as is_bill_affected,
    items_count::bigint as items_count,
    first_at::timestamp as first_at,
    last_at::timestamp as last_at,
    note
from found
