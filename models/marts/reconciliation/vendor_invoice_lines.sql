with

grouped as (

    select * from {{ ref('int_invoice_groups') }}

),

printed_lines as (

    select * from {{ ref('int_printed_lines') }}

),

figures as (

    select * from {{ ref('int_group_figures') }}

),

differences as (

    select
        org_id,
        group_id,
        string_agg(distinct reason, ', ' order by reason) as reasons
    from {{ ref('invoice_differences') }}
    group by org_id, group_id

),

-- The printed lines in their order, then what only we have: one row a group.
lines as (

    select
        grouped.org_id,
        grouped.invoice_number,
        grouped.group_id,
        grouped.is_printed,
        grouped.line_id,
        printed_lines.line_number,
        printed_lines.section,
        grouped.description,
        grouped.service_period_start,
        grouped.service_period_end,
        grouped.quantity,
        grouped.unit_price,
        grouped.amount,
        row_number() over (
            partition by grouped.org_id, grouped.group_id
            order by not grouped.is_printed, printed_lines.line_number, grouped.line_id
        ) as line_of_group
    from grouped
    left join printed_lines
        on
            grouped.org_id = printed_lines.org_id
            and grouped.line_id = printed_lines.vendor_line_id
            and grouped.is_printed

)

-- Our figures stand beside the first line of a group and are those of the whole group.
select
    lines.org_id,
    lines.invoice_number,
    row_number() over (
        partition by lines.org_id, lines.invoice_number
        order by lines.line_number nulls last, lines.group_id
    )::integer as line_number,
    lines.is_printed,
    {{ masked_words('lines.section') }} as section,
    figures.product_code,
    {{ masked_words('lines.description') }} as description,
    lines.service_period_start,
    lines.service_period_end,
    if(lines.is_printed, lines.quantity, null) as printed_quantity,
    if(lines.is_printed, lines.unit_price, null) as printed_price,
    if(lines.is_printed, lines.amount, null) as printed_amount,
    lines.group_id,
    figures.printed_lines::integer as lines_in_group,
    if(lines.line_of_group = 1, figures.expected_quantity, null) as expected_quantity,
    if(lines.line_of_group = 1, figures.expected_price, null) as expected_price,
    if(lines.line_of_group = 1, figures.expected_amount, null) as expected_amount,
    if(lines.line_of_group = 1, figures.variance_amount, null) as variance_amount,
    if(lines.line_of_group = 1, differences.reasons, null) as reasons
from lines
inner join figures
    on
        lines.org_id = figures.org_id
        and lines.group_id = figures.group_id
left join differences
    on
        lines.org_id = differences.org_id
        and lines.group_id = differences.group_id
where
    lines.is_printed
    or (lines.line_of_group = 1 and figures.expected_amount <> 0)
