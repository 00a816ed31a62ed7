//! Where Bedrock listens: in a region, by FIPS 140 or by both versions of IP where that is asked for, or elsewhere.

use crate::{Cause, ModelError};

/// What decides about the host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hosts {
    /// `AWS_USE_FIPS_ENDPOINT`, <https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html>
    pub fips: bool,
    /// `AWS_USE_DUALSTACK_ENDPOINT`, on the same page.
    pub dual_stack: bool,
}

/// Regions of other partitions begin so; their domain, and the one for both versions of IP:
/// <https://github.com/boto/botocore/blob/develop/botocore/data/partitions.json>.
const PARTITIONS: [(&str, &str, &str); 6] = [
    ("cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    ("eusc-", "amazonaws.eu", "api.amazonwebservices.eu"),
    ("us-iso-", "c2s.ic.gov", "api.aws.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov", "api.aws.scloud"),
    ("eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    ("us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
];

/// The address of a service, `bedrock-runtime` or `bedrock`, as its rules make it:
/// <https://github.com/boto/botocore/blob/develop/botocore/data/bedrock-runtime/2023-09-30/endpoint-rule-set-1.json>.
pub(super) fn of_region(service: &str, region: &str, hosts: Hosts) -> String {
    let own = PARTITIONS.into_iter().find(|(prefix, ..)| region.starts_with(prefix));
    let (_, single, dual) = own.unwrap_or(("", "amazonaws.com", "api.aws"));
    let fips = if hosts.fips { "-fips" } else { "" };
    let domain = if hosts.dual_stack { dual } else { single };
    format!("https://{service}{fips}.{region}.{domain}")
}

/// An address of one's own says itself whether it is one by FIPS or by both versions of IP; those rules refuse both, too.
pub(super) fn check(hosts: Hosts, own: Option<&str>) -> Result<(), ModelError> {
    let asked = match (own, hosts) {
        (Some(_), Hosts { fips: true, .. }) => "AWS_USE_FIPS_ENDPOINT",
        (Some(_), Hosts { dual_stack: true, .. }) => "AWS_USE_DUALSTACK_ENDPOINT",
        _ => return Ok(()),
    };
    Err(ModelError::new(
        Cause::BadRequest,
        format!(
            "{asked} does not go with an endpoint of your own for Bedrock: unset one of the two"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIPS: Hosts = Hosts { fips: true, dual_stack: false };
    const DUAL: Hosts = Hosts { fips: false, dual_stack: true };
    const BOTH: Hosts = Hosts { fips: true, dual_stack: true };

    /// As in the tests that come with AWS's rules:
    /// <https://github.com/boto/botocore/blob/develop/tests/functional/endpoint-rules/bedrock-runtime/endpoint-tests-1.json>.
    #[test]
    fn a_host_is_chosen_as_awss_rules_say() {
        let runtime = |region, hosts| of_region("bedrock-runtime", region, hosts);
        let hosts = [
            runtime("us-east-1", Hosts::default()),
            runtime("us-east-1", FIPS),
            runtime("us-east-1", DUAL),
            runtime("us-east-1", BOTH),
            runtime("us-gov-east-1", FIPS),
            runtime("cn-north-1", Hosts::default()),
            runtime("cn-north-1", BOTH),
            runtime("us-iso-east-1", FIPS),
            runtime("us-isob-east-1", Hosts::default()),
            of_region("bedrock", "eu-central-1", FIPS),
        ];
        insta::assert_snapshot!(hosts.join("\n"), @"
        https://bedrock-runtime.us-east-1.amazonaws.com
        https://bedrock-runtime-fips.us-east-1.amazonaws.com
        https://bedrock-runtime.us-east-1.api.aws
        https://bedrock-runtime-fips.us-east-1.api.aws
        https://bedrock-runtime-fips.us-gov-east-1.amazonaws.com
        https://bedrock-runtime.cn-north-1.amazonaws.com.cn
        https://bedrock-runtime-fips.cn-north-1.api.amazonwebservices.com.cn
        https://bedrock-runtime-fips.us-iso-east-1.c2s.ic.gov
        https://bedrock-runtime.us-isob-east-1.sc2s.sgov.gov
        https://bedrock-fips.eu-central-1.amazonaws.com
        ");
    }

    #[test]
    fn an_endpoint_of_ones_own_does_not_go_with_fips_or_dual_stack() {
        let own = Some("http://127.0.0.1:1");
        for (hosts, own, good) in [
            (Hosts::default(), own, true),
            (BOTH, None, true),
            (FIPS, own, false),
            (DUAL, own, false),
        ] {
            assert_eq!(check(hosts, own).is_ok(), good, "{hosts:?}");
        }
        insta::assert_snapshot!(check(FIPS, own).unwrap_err(), @"the request cannot be carried out: AWS_USE_FIPS_ENDPOINT does not go with an endpoint of your own for Bedrock: unset one of the two");
    }
}
