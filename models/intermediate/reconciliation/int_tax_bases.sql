-- What the vendor may have taken a tax on instead: its lines without those of a product or
-- of a section, or with what the ramp waives.
with

figures as (

    select
        figures.*,
        sections.title as section_title
    from {{ ref('int_group_figures') }} as figures
    left join {{ ref('product_kinds') }} as kinds
        on figures.kind = kinds.kind
    left join {{ ref('invoice_sections') }} as sections
        on kinds.section = sections.section
    where not figures.is_tax

),

waived as (

    select
        org_id,
        invoice_number,
        sum(quantity * unit_price)::decimal(28, 4) as amount
    from {{ ref('int_answered_lines') }}
    where is_waived
    group by org_id, invoice_number

),

printed as (

    select
        org_id,
        invoice_number,
        sum(printed_amount) as amount
    from figures
    group by org_id, invoice_number

),

left_out as (

    select
        org_id,
        invoice_number,
        'without ' || section_title as assumed,
        -sum(printed_amount) as amount,
        1 as place
    from figures
    where section_title is not null
    group by org_id, invoice_number, section_title
    union all
    select
        org_id,
        invoice_number,
        'without ' || printed_description as assumed,
        -printed_amount as amount,
        2 as place
    from figures
    where printed_amount <> 0
    union all
    select
        org_id,
        invoice_number,
        'with what the ramp waives' as assumed,
        amount,
        3 as place
    from waived

)

select
    left_out.org_id,
    left_out.invoice_number,
    left_out.assumed,
    min(left_out.place) as place,
    min(printed.amount + left_out.amount)::decimal(28, 4) as printed_base
from left_out
inner join printed
    on
        left_out.org_id = printed.org_id
        and left_out.invoice_number = printed.invoice_number
where left_out.amount <> 0
group by left_out.org_id, left_out.invoice_number, left_out.assumed
