with

answers as (

    select * from {{ ref('int_invoice_answers') }}

),

printed as (

    select
        vendor_lines.*,
        answers.number_place,
        answers.billing_place
    from {{ ref('int_vendor_lines_matched') }} as vendor_lines
    inner join answers
        on
            vendor_lines.org_id = answers.org_id
            and vendor_lines.invoice_number = answers.invoice_number

),

final_lines as (

    select * from {{ ref('int_invoice_lines') }}
    where invoice_status = 'final'

),

products as (

    {{ products_by_organization('final_lines') }}

),

-- An order may be billed with another invoice (INV-06).
invoice_lines as (

    select
        final_lines.*,
        products.kind,
        coalesce(products.match_code, final_lines.product_code) as match_code,
        coalesce(orders.expected_invoice_date, final_lines.invoice_date) as answered_date
    from final_lines
    left join products
        on
            final_lines.org_id = products.org_id
            and final_lines.product_code = products.product_code
    left join {{ ref('int_orders_billed_elsewhere') }} as orders
        on
            final_lines.org_id = orders.org_id
            and final_lines.invoice_date = orders.invoice_date
            and coalesce(products.match_code, final_lines.product_code)
            = orders.match_code
            and final_lines.charge_type <> 'prepay'
            and not orders.is_rest

),

-- How the vendor prints an invoice of ours: which calling services have no row of their own
-- but are in another (TELCO-02).
printed_as as (

    select
        org_id,
        expected_invoice_date,
        {% for service, folded in [
            ('inbound', 'toll_free'), ('outbound', 'extended_outbound')
        ] %}
            coalesce(
                bool_or(group_product = 'telco_{{ service }}')
                and not bool_or(group_product = 'telco_{{ folded }}'), false
            ) as is_{{ folded }}_folded,
        {% endfor %}
        count(*) as printed_lines
    from printed
    group by org_id, expected_invoice_date

),

grouped as (

    select
        invoice_lines.*,
        coalesce(invoice_lines.kind = 'tax', false) as is_tax,
        invoice_lines.charge_type = 'prepay' as is_prepay,
        case
            {% for service, folded in [
                ('inbound', 'toll_free'), ('outbound', 'extended_outbound')
            ] %}
                when
                    invoice_lines.product_code = 'telco_{{ folded }}'
                    and printed_as.is_{{ folded }}_folded
                    then 'telco_{{ service }}'
            {% endfor %}
            else invoice_lines.match_code
        end as group_product
    from invoice_lines
    inner join printed_as
        on
            invoice_lines.org_id = printed_as.org_id
            and invoice_lines.answered_date = printed_as.expected_invoice_date

),

ours as (

    select
        *,
        count(*) over (partition by org_id, answered_date, group_product) > 1
            as is_one_of_several,
        row_number() over (
            partition by org_id, answered_date, group_product, is_prepay, amount
            order by invoice_line_id
        ) as place_of_equals
    from grouped

),

-- Of several equal lines each number has as many as it prints; not one that is issued anew.
issued_once as (

    select *
    from printed
    window of_number as (partition by org_id, invoice_number)
    qualify
        2 * count(*) filter (where is_billed_again) over of_number
        <= count(*) over of_number

),

paired as (

    select
        *,
        row_number() over (
            partition by
                org_id, expected_invoice_date, group_product, is_prepay, amount
            order by billing_place
        ) as place_of_equals
    from issued_once
    where group_product is not null

),

-- What each number of the vendor has that answers an invoice of ours.
numbers as (

    select
        org_id,
        expected_invoice_date,
        invoice_number,
        min(number_place) as number_place,
        min(billing_place) as billing_place,
        list(distinct group_product) filter (where amount >= 0) as products,
        list(distinct group_product) filter (where amount < 0) as credited_products,
        list(amount) filter (where group_product is null) as unknown_amounts,
        list(distinct group_product) filter (where is_prepay and amount >= 0)
            as prepaid_products,
        list(distinct group_product) filter (where not is_prepay and amount >= 0)
            as arrears_products,
        bool_or(not is_prepay and not is_tax) as has_arrears
    from printed
    group by org_id, expected_invoice_date, invoice_number

)

-- Several numbers may answer one invoice of ours: a line of ours belongs to the one that
-- has its product, prepaid or in arrears (what is given back to the one that credits it),
-- or a line of no product we know that equals it, else to the earliest. A tax that is in no
-- line by name is in one that names none.
select
    ours.org_id,
    ours.invoice_line_id,
    ours.invoice_id,
    numbers.invoice_number,
    ours.invoice_date,
    ours.answered_date as expected_invoice_date,
    ours.group_product,
    case
        when ours.is_prepay and ours.amount < 0 then 'given_back'
        when ours.charge_type in ('prepay', 'committed') then ours.charge_type
        else 'arrears'
    end as charge,
    ours.product_code,
    ours.charge_type,
    ours.kind,
    ours.is_prepay,
    ours.is_tax,
    ours.is_one_of_several,
    ours.description,
    ours.service_period_start,
    ours.service_period_end,
    ours.quantity,
    ours.unit_price,
    ours.amount,
    ours.currency,
    ours.is_waived
from ours
inner join numbers
    on
        ours.org_id = numbers.org_id
        and ours.answered_date = numbers.expected_invoice_date
left join paired
    on
        ours.org_id = paired.org_id
        and ours.answered_date = paired.expected_invoice_date
        and ours.group_product = paired.group_product
        and ours.is_prepay = paired.is_prepay
        and ours.amount = paired.amount
        and ours.place_of_equals = paired.place_of_equals
qualify
    row_number() over (
        partition by ours.invoice_line_id
        order by
            ours.is_prepay
            and ours.amount >= 0
            and coalesce(
                list_contains(numbers.prepaid_products, ours.group_product), false
            ) desc,
            ours.is_one_of_several
            and coalesce(
                numbers.invoice_number = paired.invoice_number, false
            ) desc,
            not ours.is_prepay
            and ours.amount >= 0
            and coalesce(
                list_contains(numbers.arrears_products, ours.group_product), false
            ) desc,
            not ours.is_prepay
            and not ours.is_tax
            and numbers.has_arrears desc,
            coalesce(
                list_contains(
                    if(ours.amount < 0, numbers.credited_products, numbers.products),
                    ours.group_product
                ),
                false
            ) desc,
            ours.is_tax
            and coalesce(
                list_contains(
                    if(ours.amount < 0, numbers.credited_products, numbers.products), 'tax'
                ),
                false
            ) desc,
            coalesce(list_contains(numbers.unknown_amounts, ours.amount), false) desc,
            if(
                list_contains(numbers.products, ours.group_product)
                or (ours.is_tax and list_contains(numbers.products, 'tax')),
                numbers.billing_place,
                null
            ) asc nulls last,
            numbers.number_place asc
    ) = 1
