package dev.amikeeper.ec2;

import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Texts;

import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What an error of EC2, Auto Scaling, Systems Manager, DynamoDB, SQS or SNS means to us. All their
 * error codes stand here and nowhere else; {@code FaultTest} names the source of each. A documented
 * code that is not here cannot come from a call of ours, or is no more than {@link #OTHER}.
 *
 * @see <a href="https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html">Error codes
 *     for the Amazon EC2 API</a>
 */
public enum Fault {
    /** Too many calls: later. */
    THROTTLED(
            Advice.SLOW_DOWN,
            "RequestLimitExceeded",
            "Throttling",
            "ThrottlingException",
            "Throttled",
            "RequestThrottled",
            "RequestThrottledException",
            "EC2ThrottledException",
            "ProvisionedThroughputExceededException",
            "KMSThrottling",
            "KmsThrottled"),
    /** Too much is under way in the Region for the moment: later. */
    NO_ROOM(Advice.SLOW_DOWN, "ResourceLimitExceeded"),
    /** A quota of the account that only people raise: later, once they have. */
    QUOTA(Advice.PEOPLE),
    /** EC2 has no such servers in that zone for the moment: later, or elsewhere. */
    NO_CAPACITY(
            Advice.ELSEWHERE,
            "InsufficientInstanceCapacity",
            "InsufficientHostCapacity",
            "InsufficientCapacityOnHost",
            "InsufficientReservedInstanceCapacity",
            "InsufficientReservedInstancesCapacity",
            "InsufficientFreeAddressesInSubnet",
            "InsufficientAddressCapacity",
            "InsufficientVolumeCapacity",
            "InsufficientCapacity",
            "ReservationCapacityExceeded",
            "IncompatibleHostRequirements",
            "UnavailableHostRequirements",
            "UnfulfillableCapacity"),
    /** Somebody is at work on what the call is about, or was a moment ago: later. */
    BUSY(
            Advice.LATER,
            "ConcurrentSnapshotLimitExceeded",
            "ConcurrentCreateImageNoRebootLimitExceeded",
            "ConcurrentTagAccess",
            "PendingSnapshotLimitExceeded",
            "SnapshotCreationPerVolumeRateExceeded",
            "CreditSpecificationUpdateInProgress",
            "ResourceContention",
            "TransactionConflictException",
            "TransactionInProgressException"),
    /** An image of that name exists. */
    NAME_TAKEN(Advice.REFUSED, "InvalidAMIName.Duplicate"),
    /** EC2 does not show the image: it is gone, or so new that not every call sees it yet. */
    NOT_FOUND(Advice.LOOK, "InvalidAMIID.NotFound"),
    /**
     * The image is deregistered, or in a state that does not allow the call: EC2 has one code for
     * both, and only a look tells.
     */
    UNAVAILABLE(Advice.LOOK, "InvalidAMIID.Unavailable"),
    /** What the call is about is gone for good. */
    GONE(
            Advice.GONE,
            "InvalidInstanceID.NotFound",
            "InvalidLaunchTemplateId.NotFound",
            "InvalidSnapshot.NotFound"),
    /** An image that the bucket has already, or is about to. */
    ALREADY_STORED(Advice.REFUSED),
    /** What the call is about is not in a state that allows it. */
    WRONG_STATE(
            Advice.REFUSED,
            "IncorrectInstanceState",
            "IncorrectState",
            "InvalidInstanceState",
            "InvalidState"),
    /** The role may not make this call, or the Region is not enabled for the account. */
    DENIED(
            Advice.PEOPLE,
            "UnauthorizedOperation",
            "AccessDenied",
            "AccessDeniedException",
            "NotAuthorized",
            "AuthorizationError",
            "AuthFailure",
            "OptInRequired",
            "KMSAccessDenied",
            "KMSDisabled",
            "KMSInvalidState",
            "KMSNotFound",
            "KMSOptInRequired",
            "KmsAccessDenied",
            "KmsDisabled",
            "KmsInvalidState",
            "KmsNotFound",
            "KmsOptInRequired"),
    /**
     * AWS deals with no call of this account or of this caller for now: it verifies or blocks the
     * account, or the credentials are no longer good.
     */
    CALLER(
            Advice.PEOPLE,
            "PendingVerification",
            "Blocked",
            "AccountDisabled",
            "ExpiredToken",
            "ExpiredTokenException",
            "RequestExpired",
            "InvalidSecurity.RequestHasExpired",
            "InvalidClientTokenId",
            "UnrecognizedClientException",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "IncompleteSignature",
            "IncompleteSignatureException",
            "SignatureDoesNotMatch",
            "InvalidSignatureException"),
    /** The image or the instance is protected against it. */
    PROTECTED(Advice.REFUSED, "OperationNotPermitted"),
    /** A client token that was used with other parameters, or whose instance has ended. */
    TOKEN_TAKEN(
            Advice.REFUSED,
            "IdempotentParameterMismatch",
            "IdempotentParameterMismatchException",
            "IdempotentInstanceTerminated"),
    /** A snapshot that an image uses. */
    IN_USE(Advice.REFUSED, "InvalidSnapshot.InUse"),
    /** This Region or partition does not know the call at all. */
    NO_SUCH_CALL(Advice.REFUSED, "InvalidAction", "UnknownOperationException"),
    /** EC2 failed itself, at this call. */
    SERVER_ERROR(
            Advice.UNANSWERED,
            "InternalError",
            "InternalFailure",
            "InternalServerError",
            "RetryableError",
            "ServerInternal",
            "ServiceUnavailable",
            "Unavailable"),
    /** The Region did not answer. */
    UNREACHABLE(Advice.UNANSWERED),
    /** Anything else: it surfaces with EC2's own words. */
    OTHER(Advice.REFUSED);

    @SuppressWarnings("ImmutableEnumChecker") // Set.of makes sets that nobody changes.
    private final Set<String> codes;

    private final Advice advice;

    Fault(Advice advice, String... codes) {
        this.advice = advice;
        this.codes = Set.of(codes);
    }

    /** What a caller can do about a fault, whatever it called. */
    public enum Advice {
        /** Too much at once: the next call meets it, too. Later. */
        SLOW_DOWN,
        /** What the call is about is busy. Later; other calls can go on. */
        LATER,
        /** There is no capacity for it. Later, or with another type or zone. */
        ELSEWHERE,
        /** Only a look tells whether it is gone or the call came too early. */
        LOOK,
        /** It is gone for good, so nothing is left to be done to it. */
        GONE,
        /** No call of the kind succeeds until people act. */
        PEOPLE,
        /** Whether the call was carried out is not known. Later: the next call may meet it, too. */
        UNANSWERED,
        /** The same call about the same thing is refused again. */
        REFUSED
    }

    private static final Pattern IMAGE = Pattern.compile("(?<=in use by AMI )ami-[0-9a-z]{1,40}");

    /**
     * AWS says that a second copy in a bucket is refused, and not by which code. Only this code
     * with this word counts: to take another refusal for it would be to believe that an image is
     * safe.
     */
    private static final String REFUSED = "InvalidRequest";

    private static final String ALREADY = " already";

    private static final Set<String> REFUSES_SOMEBODY =
            Set.of(
                    "InvalidAMIAttributeItemValue",
                    "InvalidUserID.Malformed",
                    "InvalidParameterValue");

    /** An instance that EC2 ends for this had a volume whose key it may not use. */
    private static final String KEY = "Client.InternalError";

    static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;

    private static final Map<String, Fault> BY_CODE = byCode();

    private static Map<String, Fault> byCode() {
        Map<String, Fault> all = new HashMap<>();
        for (Fault fault : values()) {
            fault.codes.forEach(code -> all.put(code, fault));
        }
        Quota.codes().forEach(code -> all.put(code, QUOTA));
        return Map.copyOf(all);
    }

    /** The codes that have a word of their own. */
    static Set<String> codes() {
        return BY_CODE.keySet();
    }

    /** What this error means. */
    public static Fault of(SdkException error) {
        if (!(error instanceof AwsServiceException answer)) {
            return UNREACHABLE;
        }
        Fault known = BY_CODE.get(code(answer));
        if (known != null) {
            return known;
        }
        if (code(answer).equals(REFUSED) && text(error).contains(ALREADY)) {
            return ALREADY_STORED;
        }
        return switch (answer.statusCode()) {
            // Also where the code is lost on the way.
            case UNAUTHORIZED, FORBIDDEN -> DENIED;
            default -> answer.statusCode() >= 500 ? SERVER_ERROR : OTHER;
        };
    }

    /** The error in one line: its code and EC2's own words. */
    public static String text(SdkException error) {
        return Texts.plain(
                error instanceof AwsServiceException answer && answer.awsErrorDetails() != null
                        ? words(answer, answer.awsErrorDetails())
                        : Objects.requireNonNullElse(
                                error.getMessage(), error.getClass().getSimpleName()));
    }

    /** The error in one line; a denial says which permission the role lacks. */
    public static String text(SdkException error, String permission) {
        return of(error) == DENIED
                ? Texts.plain("the role may not call " + permission + ": " + text(error))
                : text(error);
    }

    /**
     * Whether the reason why EC2 ended an instance at its launch speaks of a key.
     *
     * @see <a
     *     href="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html">
     *     Troubleshoot instance launch issues</a>
     */
    public static boolean isOfAKey(String reason) {
        return reason.contains(KEY);
    }

    /**
     * Whether the reason why an image or a copy failed speaks of a KMS key: its ARN, one of EC2's
     * codes for it, or that it is not accessible.
     *
     * @see <a href="https://docs.aws.amazon.com/ebs/latest/userguide/ebs-cloud-watch-events.html">
     *     EventBridge events for Amazon EBS, the causes of failures</a>
     */
    public static boolean isOfAKmsKey(String reason) {
        String plain = reason.toLowerCase(Locale.ROOT);
        return plain.contains("kms") || plain.contains("given key id is not accessible");
    }

    /** What a caller can do about it. */
    public Advice advice() {
        return advice;
    }

    /** Whether EC2 says that what the call was about is not there. */
    boolean isNoMore() {
        return this == NOT_FOUND || this == GONE;
    }

    /** Whether the next call of the same kind meets it too, whatever that is about. */
    public boolean meetsEveryCall() {
        return switch (advice) {
            case SLOW_DOWN, PEOPLE, UNANSWERED -> true;
            case REFUSED -> this == NO_SUCH_CALL;
            case LATER, ELSEWHERE, LOOK, GONE -> false;
        };
    }

    /** An answer that does not come from EC2 itself, as a proxy's, has neither code nor words. */
    private static String words(AwsServiceException answer, AwsErrorDetails details) {
        String words =
                Stream.of(code(answer), Objects.requireNonNullElse(details.errorMessage(), ""))
                        .filter(text -> !text.isBlank())
                        .collect(Collectors.joining(": "));
        return words.isEmpty() ? "HTTP status " + answer.statusCode() : words;
    }

    /**
     * Whether a call about whom to share with is refused because of somebody that it names: a
     * closed account, or a mistyped one. EC2 then does nothing for the others either.
     *
     * @see <a href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html">
     *     Error codes for the Amazon EC2 API</a>
     */
    static boolean refusesSomebody(SdkException error) {
        return error instanceof AwsServiceException answer
                && REFUSES_SOMEBODY.contains(code(answer));
    }

    /** The image that an answer names in its words: a hint, never to be acted upon unchecked. */
    static Optional<ImageId> imageIn(SdkException error) {
        Matcher named = IMAGE.matcher(text(error));
        return named.find() ? Optional.of(new ImageId(named.group())) : Optional.empty();
    }

    static String code(AwsServiceException answer) {
        AwsErrorDetails details = answer.awsErrorDetails();
        return details == null || details.errorCode() == null ? "" : details.errorCode();
    }
}
