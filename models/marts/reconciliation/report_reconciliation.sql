with

figures as (

    select * from {{ ref('int_report_figures') }}

),

expectations as (

    select * from {{ ref('int_report_expectations') }}

),

gaps as (

    select * from {{ ref('int_report_gaps') }}

),

-- Whom a report means that names people by addresses nobody knows, we cannot tell; so
-- nobody is missing on it either.
reports_of_unknown_people as (

    select distinct
        figures.org_id,
        figures.report,
        figures.cycle_start_date,
        figures.usage_date
    from figures
    inner join gaps
        on figures.report_line_id = gaps.report_line_id
    where gaps.is_about_unknown_people

),

-- A reported 0 agrees with nothing used, and so does any day of R2, which compares numbers
-- of users.
compared as (

    select
        figures.report_line_id,
        coalesce(figures.org_id, expectations.org_id) as org_id,
        coalesce(figures.report, expectations.report) as report,
        coalesce(figures.usage_date, expectations.usage_date) as usage_date,
        coalesce(figures.cycle_start_date, expectations.cycle_start_date)
            as cycle_start_date,
        coalesce(expectations.subject, figures.subject) as subject,
        if(expectations.subject is null, figures.person, expectations.person) as person,
        expectations.subject is not null
        or coalesce(figures.is_known_id, false) as is_known_id,
        figures.reported_quantity,
        coalesce(
            expectations.expected_quantity,
            case
                when
                    figures.report = 'concurrent_usage'
                    or (
                        figures.report in ('subscription_overview', 'billing_charges')
                        and figures.reported_quantity = 0
                    )
                    then 0
            end
        )::decimal(38, 6) as expected_quantity,
        expectations.subject is null as is_unexpected,
        coalesce(expectations.is_person, false) as is_person,
        abs(figures.minutes_at_peak - coalesce(expectations.minutes_at_peak, 0)) >= 1
            as is_minutes_different,
        epoch_us(expectations.first_login_at)
        - epoch_us(expectations.first_login_at) % figures.printed_precision_us
        <> epoch_us(figures.first_login_at) as is_timestamp_different
    from figures
    full outer join expectations
        on
            figures.org_id = expectations.org_id
            and figures.report = expectations.report
            and figures.cycle_start_date = expectations.cycle_start_date
            and figures.usage_date is not distinct from expectations.usage_date
            and figures.subject_key = expectations.subject_key

),

-- Whom a report names by anything but an id is told from others by a keyed hash alone.
named as (

    select
        * replace (
            case
                when person is null then {{ masked_id('subject') }}
                else
                    {{ masked_words('left(subject, length(subject) - length(person))') }}
                    || if(
                        is_known_id,
                        {{ masked_id('person') }},
                        {{ masked_person('person') }}
                    )
            end as subject
        )
    from compared

),

judged as (

    select
        compared.*,
        gaps.missing_datasets,
        compared.is_unexpected
        and gaps.report_line_id is not null
        and (compared.reported_quantity = 0 and compared.expected_quantity = 0) is not true
            as is_without_basis
    from named as compared
    left join gaps
        on compared.report_line_id = gaps.report_line_id
    anti join reports_of_unknown_people as of_unknown_people
        on
            compared.reported_quantity is null
            and compared.is_person
            and compared.org_id = of_unknown_people.org_id
            and compared.report = of_unknown_people.report
            and compared.cycle_start_date = of_unknown_people.cycle_start_date
            and compared.usage_date is not distinct from of_unknown_people.usage_date

)

select
    coalesce(
        report_line_id,
        concat_ws(
            '/', 'expected', report, org_id, cycle_start_date, usage_date, subject
        )
    ) as report_line_id,
    org_id,
    report,
    usage_date,
    cycle_start_date,
    subject,
    reported_quantity,
    case when not is_without_basis then expected_quantity end as expected_quantity,
    case
        when is_without_basis then 0
        else coalesce(reported_quantity, 0) - coalesce(expected_quantity, 0)
    end::decimal(38, 6) as variance_quantity,
    case
        when is_without_basis then 'not_comparable'
        when reported_quantity is null then 'missing_on_report'
        when expected_quantity is null then 'not_expected'
        when reported_quantity <> expected_quantity then 'quantity_differs'
        when is_minutes_different then 'minutes_differ'
        when is_timestamp_different then 'timestamp_differs'
        else 'matched'
    end as reason,
    case when is_without_basis then missing_datasets end as missing_datasets
from judged
