//! The metrics by name. Dashboards, alarms and this list must agree: compare them with `Metric::ALL`.

/// Where CloudWatch keeps them.
pub const NAMESPACE: &str = "EcoCoder";
/// The value of the dimension `AgentName`.
pub const AGENT_NAME: &str = "eco-coder";

const AGENT: &str = "AgentName";
const TOOL: &str = "ToolName";
const ERROR: &str = "ErrorType";

/// A metric. Repository, pull request and session go beside a value as properties, never as dimensions: each new
/// combination of dimensions is a metric of its own, and is billed as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Metric {
    /// A call of a tool.
    ToolInvocation,
    ToolDuration,
    /// 1 for a call that failed, 0 for one that did not, so that the average is the rate.
    ToolErrors,
    CodeGuruReviewTime,
    CodeGuruRecommendations,
    /// Grams of CO2e that `calculate_carbon_footprint` found for the reviewed program.
    CarbonFootprintCalculated,
    /// 1 for a comment that is up to date on GitHub, 0 for one that GitHub did not take.
    GitHubCommentPosted,
    /// A review that came to its end.
    Reviews,
    /// 1 for a review that failed or must be tried again, 0 for one that finished.
    ReviewErrors,
    ReviewDuration,
    /// Tokens in and out of one reply of a model, cached ones included.
    Tokens,
    /// US dollars for models in one review.
    ReviewCost,
    /// Grams of CO2e of one review itself, the upper end of what it may be.
    ReviewFootprint,
    /// A review that begins; one that goes on after a restart is not another.
    Sessions,
}

/// As CloudWatch names units: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Count,
    Milliseconds,
    None,
}

/// Dimensions under which CloudWatch adds a metric up; each set is a metric of its own there.
pub type DimensionSets = &'static [&'static [&'static str]];

const BY_AGENT: DimensionSets = &[&[AGENT]];
const BY_TOOL: DimensionSets = &[&[AGENT], &[AGENT, TOOL]];
const BY_TOOL_AND_ERROR: DimensionSets = &[&[AGENT], &[AGENT, TOOL], &[AGENT, TOOL, ERROR]];
const BY_ERROR: DimensionSets = &[&[AGENT], &[AGENT, ERROR]];

impl Metric {
    pub const ALL: [Self; 14] = [
        Self::ToolInvocation,
        Self::ToolDuration,
        Self::ToolErrors,
        Self::CodeGuruReviewTime,
        Self::CodeGuruRecommendations,
        Self::CarbonFootprintCalculated,
        Self::GitHubCommentPosted,
        Self::Reviews,
        Self::ReviewErrors,
        Self::ReviewDuration,
        Self::Tokens,
        Self::ReviewCost,
        Self::ReviewFootprint,
        Self::Sessions,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::ToolInvocation => "ToolInvocation",
            Self::ToolDuration => "ToolDuration",
            Self::ToolErrors => "ToolErrors",
            Self::CodeGuruReviewTime => "CodeGuruReviewTime",
            Self::CodeGuruRecommendations => "CodeGuruRecommendations",
            Self::CarbonFootprintCalculated => "CarbonFootprintCalculated",
            Self::GitHubCommentPosted => "GitHubCommentPosted",
            Self::Reviews => "Reviews",
            Self::ReviewErrors => "ReviewErrors",
            Self::ReviewDuration => "ReviewDuration",
            Self::Tokens => "Tokens",
            Self::ReviewCost => "ReviewCost",
            Self::ReviewFootprint => "ReviewFootprint",
            Self::Sessions => "Sessions",
        }
    }

    pub fn unit(self) -> Unit {
        match self {
            Self::ToolDuration | Self::CodeGuruReviewTime | Self::ReviewDuration => {
                Unit::Milliseconds
            }
            Self::CarbonFootprintCalculated | Self::ReviewCost | Self::ReviewFootprint => {
                Unit::None
            }
            _ => Unit::Count,
        }
    }

    /// Sets with `ErrorType` exist only where there was an error.
    pub fn dimension_sets(self) -> DimensionSets {
        match self {
            Self::ToolInvocation | Self::ToolDuration => BY_TOOL,
            Self::ToolErrors => BY_TOOL_AND_ERROR,
            Self::ReviewErrors => BY_ERROR,
            _ => BY_AGENT,
        }
    }
}

impl Unit {
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::None => "None",
        }
    }
}

/// The values of the dimensions beside the agent's name: names of our tools and words of ours, so their number is bounded.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Dimensions<'a> {
    pub(super) tool: Option<&'a str>,
    pub(super) error: Option<&'static str>,
}

impl<'a> Dimensions<'a> {
    pub(super) fn value(self, name: &str) -> Option<&'a str> {
        match name {
            AGENT => Some(AGENT_NAME),
            TOOL => self.tool,
            ERROR => self.error,
            _ => None,
        }
    }
}
