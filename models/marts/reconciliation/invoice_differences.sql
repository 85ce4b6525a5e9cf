with

group_differences as (

    select * from {{ ref('int_group_differences') }}

),

tax_differences as (

    select * from {{ ref('int_tax_differences') }}

),

call_facts as (

    select * from {{ ref('int_call_facts') }}

),

currencies_differ as (

    select
        org_id,
        invoice_number,
        min(printed_currency) as printed_currency
    from {{ ref('int_group_figures') }}
    group by org_id, invoice_number
    having min(printed_currency) <> min(expected_currency)

),

differences as (

    select * from group_differences
    union all by name
    select * from tax_differences
    union all by name
    select * from call_facts

),

-- What follows is tied to the largest difference of its invoice that is no tax.
tied as (

    select
        differences.*,
        differences.org_id || '/' || differences.group_id || '/' || differences.part
            as difference_id,
        case
            when differences.reason = 'follows'
                then max_by(
                    differences.org_id || '/' || differences.group_id || '/'
                    || differences.part,
                    abs(differences.amount)
                ) filter (
                    where differences.kind is distinct from 'tax'
                    and differences.reason <> 'follows'
                ) over (
                    partition by differences.org_id, differences.invoice_number
                )
        end as caused_by
    from differences
    anti join currencies_differ
        on
            differences.org_id = currencies_differ.org_id
            and differences.invoice_number = currencies_differ.invoice_number
    union all by name
    select
        org_id,
        invoice_number,
        'other_currency' as reason,
        printed_currency as assumed,
        org_id || '/' || invoice_number || '/other_currency' as difference_id
    from currencies_differ

)

select
    tied.difference_id,
    tied.org_id,
    tied.invoice_number,
    tied.reason,
    tied.product_code,
    tied.amount::decimal(28, 4) as amount,
    coalesce(tied.claim_amount, tied.amount)::decimal(28, 4) as claim_amount,
    {{ explanation('tied', 'reasons.explanation') }} as explanation,
    to_json({
        'printed_quantity': tied.printed_quantity,
        'expected_quantity': tied.expected_quantity,
        'printed_price': tied.printed_price,
        'expected_price': tied.expected_price,
        'printed_amount': tied.printed_amount,
        'expected_amount': tied.expected_amount,
        'assumed': tied.assumed,
        'other_reasons': tied.other_reasons
    })::varchar as evidence,
    tied.caused_by,
    tied.group_id
from tied
inner join {{ ref('difference_reasons') }} as reasons
    on tied.reason = reasons.reason
