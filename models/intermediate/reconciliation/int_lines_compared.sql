with

lines as (

    select * from {{ ref('int_lines_placed') }}

),

answers as (

    select * from {{ ref('int_invoice_answers') }}

),

answered_lines as (

    select
        org_id,
        invoice_line_id,
        invoice_date
    from {{ ref('int_answered_lines') }}

),

printed_lines as (

    select * from {{ ref('int_printed_lines') }}

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

printed as (

    select
        *,
        coalesce(sum(quantity) over lines_before, 0) as quantity_before,
        is_in_sum and row_number() over sum_order = count(*) over one_sum as is_rest
    from lines
    where is_printed
    window
        one_sum as (partition by org_id, compared_id, is_in_sum),
        sum_order as (partition by org_id, compared_id, is_in_sum order by line_rank),
        lines_before as (
            sum_order rows between unbounded preceding and 1 preceding
        )

),

ours as (

    select * from lines
    where not is_printed

),

-- A tax has one base, whatever its levels are.
sums as (

    select
        org_id,
        compared_id,
        case
            when bool_or(is_tax) then max(quantity) filter (where is_in_sum)
            else sum(quantity) filter (where is_in_sum)
        end as quantity,
        sum(quantity) as whole_quantity,
        sum(amount) as whole_amount,
        sum(international_minutes) as international_quantity,
        {{ round_money('sum(international_cost)', 'max(minor_units)') }}
            as international_amount
    from ours
    group by org_id, compared_id

),

-- Of what is one sum, every line but the last is expected as it is invoiced, and the last
-- is compared with the rest of ours. What we have in a sum is no row of its own then.
compared as (

    select
        printed.line_id is not null as is_invoiced,
        ours.line_id is not null or printed.is_in_sum as is_expected,
        coalesce(printed.line_id, ours.line_id) as reconciliation_id,
        coalesce(printed.org_id, ours.org_id) as org_id,
        coalesce(printed.group_id, ours.group_id) as match_group,
        printed.invoice_number,
        coalesce(
            if(printed.is_in_sum, printed.product_code, null),
            ours.product_code,
            printed.product_code,
            'unclassified'
        ) as product_code,
        ours.charge_type as our_charge_type,
        printed.charge,
        coalesce(printed.is_call, false) as is_call,
        coalesce(printed.is_in_sum, false) as is_in_sum,
        coalesce(printed.is_renamed, false) as is_renamed,
        printed.is_repeated and printed.has_expected as is_repeated,
        coalesce(ours.is_waived, false) as is_waived,
        coalesce(printed.group_variance, ours.group_variance) as group_variance,
        printed.group_rounding,
        coalesce(printed.description, ours.description) as description,
        -- A period that is ours give or take a day, or its last day, is ours.
        coalesce(
            printed.line_id is null
            or printed.service_period_start = printed.service_period_end
            or (
                abs(ours.service_period_start - printed.service_period_start) <= 1
                and ours.service_period_end - printed.service_period_end between -1 and 2
            ), false
        ) and ours.line_id is not null as is_our_period,
        printed.service_period_start as printed_start,
        printed.service_period_end as printed_end,
        ours.service_period_start as our_start,
        ours.service_period_end as our_end,
        printed.quantity as invoiced_quantity,
        case
            when printed.is_by_part and printed.breakout = 'international'
                then sums.international_quantity
            when printed.is_by_part
                then sums.whole_quantity - sums.international_quantity
            when printed.is_rest
                then coalesce(sums.quantity - printed.quantity_before, printed.quantity)
            when printed.is_in_sum then printed.quantity
            else ours.quantity
        end as expected_quantity,
        printed.amount as invoiced_amount,
        case
            when printed.is_by_part and printed.breakout = 'international'
                then sums.international_amount
            when printed.is_by_part then sums.whole_amount - sums.international_amount
            when printed.is_rest then printed.amount - printed.group_variance
            when printed.is_in_sum then printed.amount
            -- Lines that come to nothing together are no difference.
            when printed.line_id is null and ours.group_variance = 0 then 0
            else ours.amount
        end as expected_amount,
        printed.unit_price as invoiced_price,
        if(printed.is_in_sum or printed.is_call, null, ours.unit_price) as expected_price,
        printed.currency as invoiced_currency,
        ours.currency as expected_currency,
        coalesce(printed.invoice_number, ours.invoice_number) as answering_number,
        if(printed.is_in_sum, null, ours.line_id) as our_line_id
    from printed
    full outer join ours
        on
            printed.org_id = ours.org_id
            and printed.compared_id = ours.compared_id
            and printed.place = ours.place
    left join sums
        on
            printed.org_id = sums.org_id
            and printed.compared_id = sums.compared_id
    where printed.line_id is not null or not ours.is_in_sum

),

-- An invoice of orders may be billed with the next monthly one.
dated as (

    select
        compared.*,
        printed_lines.line_number,
        printed_lines.other_currency,
        coalesce(answered_lines.invoice_date, answers.expected_invoice_date)
            as expected_invoice_date,
        coalesce(
            printed_lines.invoice_date,
            answered_lines.invoice_date,
            answers.expected_invoice_date
        ) as invoice_date,
        coalesce(compared.our_charge_type, printed_lines.charge_type) as charge_type,
        coalesce(printed_lines.charge_type = 'prepay', false) as is_prepay,
        if(compared.is_our_period, compared.our_start, compared.printed_start)
            as service_period_start,
        if(compared.is_our_period, compared.our_end, compared.printed_end)
        + if(cycles.org_id is null, 0, 1) as service_period_end
    from compared
    left join answers
        on
            compared.org_id = answers.org_id
            and compared.answering_number = answers.invoice_number
    left join answered_lines
        on
            compared.org_id = answered_lines.org_id
            and compared.our_line_id = answered_lines.invoice_line_id
    left join printed_lines
        on compared.reconciliation_id = printed_lines.vendor_line_id
    left join cycles
        on
            not compared.is_our_period
            and compared.org_id = cycles.org_id
            and compared.printed_start = cycles.cycle_start_date
            and compared.printed_end + 1 = cycles.cycle_end_date

)

select
    * exclude (
        our_charge_type, is_our_period, printed_start, printed_end, our_start, our_end,
        answering_number, our_line_id
    )
from dated
