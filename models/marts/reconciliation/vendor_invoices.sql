with

grouped as (

    select * from {{ ref('int_invoice_groups') }}

),

differences as (

    select * from {{ ref('invoice_differences') }}

),

answered_lines as (

    select * from {{ ref('int_answered_lines') }}

),

printed as (

    select
        org_id,
        invoice_number,
        invoice_date,
        currency,
        other_numbers
    from {{ ref('int_vendor_invoices') }}

),

totals as (

    select
        org_id,
        invoice_number,
        sum(amount) filter (where is_printed) as lines_total,
        coalesce(sum(amount) filter (where not is_printed), 0) as our_total,
        coalesce(sum(amount) filter (where not is_printed and is_tax), 0) as our_taxes,
        max(unrated_jurisdiction) as unrated_jurisdiction
    from grouped
    group by org_id, invoice_number

),

answered as (

    select
        org_id,
        invoice_number,
        string_agg(distinct invoice_id, ', ' order by invoice_id) as expected_invoice_ids,
        min(currency) as currency,
        bool_or(is_tax) as is_taxed
    from answered_lines
    group by org_id, invoice_number

),

explained as (

    select
        differences.org_id,
        differences.invoice_number,
        bool_and(reasons.is_agreement) as is_agreed,
        bool_or(differences.reason = 'other_currency') as is_other_currency,
        sum(differences.amount) filter (where differences.reason = 'unexplained')
            as unexplained_amount
    from differences
    inner join {{ ref('difference_reasons') }} as reasons
        on differences.reason = reasons.reason
    group by differences.org_id, differences.invoice_number

),

compared as (

    select
        printed.*,
        totals.lines_total,
        totals.our_taxes,
        totals.unrated_jurisdiction,
        coalesce(explained.unexplained_amount, 0) as unexplained_amount,
        coalesce(explained.is_agreed, true) as is_agreed,
        if(coalesce(explained.is_other_currency, false), null, totals.our_total)
            as expected_total,
        totals.lines_total - expected_total as variance_amount
    from printed
    inner join totals
        on
            printed.org_id = totals.org_id
            and printed.invoice_number = totals.invoice_number
    left join explained
        on
            printed.org_id = explained.org_id
            and printed.invoice_number = explained.invoice_number

)

select
    compared.org_id,
    compared.invoice_number,
    compared.invoice_date,
    coalesce(
        answered.expected_invoice_ids,
        compared.org_id || '-' || answers.expected_invoice_date
    ) as expected_invoice_ids,
    coalesce(compared.currency, answered.currency) as currency,
    compared.other_numbers,
    compared.lines_total::decimal(28, 4) as printed_total,
    compared.lines_total::decimal(28, 4) as lines_total,
    compared.expected_total::decimal(28, 4) as expected_total,
    compared.variance_amount::decimal(28, 4) as variance_amount,
    (compared.variance_amount - compared.unexplained_amount)::decimal(28, 4)
        as explained_amount,
    compared.unexplained_amount::decimal(28, 4) as unexplained_amount,
    compared.is_agreed,
    -- Where no tax is ours, those that we expect are as printed.
    if(
        coalesce(answered.is_taxed, false) or compared.expected_total is null,
        0,
        compared.our_taxes
    )::decimal(28, 4) as unchecked_tax_amount,
    if(unchecked_tax_amount = 0, null, compared.unrated_jurisdiction)
        as unchecked_tax_jurisdiction
from compared
left join answered
    on
        compared.org_id = answered.org_id
        and compared.invoice_number = answered.invoice_number
left join {{ ref('int_invoice_answers') }} as answers
    on
        compared.org_id = answers.org_id
        and compared.invoice_number = answers.invoice_number
