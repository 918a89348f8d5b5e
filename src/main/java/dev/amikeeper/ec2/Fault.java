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
 * What an error of EC2, Auto Scaling, Systems Manager, DynamoDB, SQS or SNS means for AMI Keeper.
 * All their error codes are listed here and nowhere else; {@code FaultTest} names the source of
 * each. A documented code that is missing here cannot result from a call of AMI Keeper, or is just
 * {@link #OTHER}. A code that means different things in two services, as {@code
 * ResourceNotFoundException} does, is not listed: the door that calls catches its type.
 *
 * @see <a href="https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html">Error codes
 *     for the Amazon EC2 API</a>
 */
public enum Fault {
    /** There were too many calls. Try later. */
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
    /** Too much is currently under way in the Region. Try later. */
    NO_ROOM(Advice.SLOW_DOWN, "ResourceLimitExceeded"),
    /** A quota of the account is used up, which only people can raise. Try once they have. */
    QUOTA(Advice.PEOPLE),
    /** EC2 has no such capacity in that zone at the moment. Try later, or elsewhere. */
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
    /** Something else is, or just was, working on what the call is about. Try later. */
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
    /** An image with that name exists. */
    NAME_TAKEN(Advice.REFUSED, "InvalidAMIName.Duplicate"),
    /** EC2 does not find the image: it is gone, or so new that not every call sees it yet. */
    NOT_FOUND(Advice.LOOK, "InvalidAMIID.NotFound"),
    /**
     * The image is deregistered, or in a state that does not allow the call. EC2 has one code for
     * both, so only a look at the image tells.
     */
    UNAVAILABLE(Advice.LOOK, "InvalidAMIID.Unavailable"),
    /** The resource that the call is about is gone for good. */
    GONE(
            Advice.GONE,
            "InvalidInstanceID.NotFound",
            "InvalidLaunchTemplateId.NotFound",
            "InvalidSnapshot.NotFound"),
    /** The bucket already has the image, or is about to. */
    ALREADY_STORED(Advice.REFUSED),
    /** The resource that the call is about is not in a state that allows it. */
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
     * AWS currently processes no calls of this account or caller: it is verifying or has blocked
     * the account, or the credentials are no longer valid.
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
    /** The image or instance is protected against the call. */
    PROTECTED(Advice.REFUSED, "OperationNotPermitted"),
    /** The client token was used with other parameters, or its instance has ended. */
    TOKEN_TAKEN(
            Advice.REFUSED,
            "IdempotentParameterMismatch",
            "IdempotentParameterMismatchException",
            "IdempotentInstanceTerminated"),
    /** An image uses the snapshot. */
    IN_USE(Advice.REFUSED, "InvalidSnapshot.InUse"),
    /** This Region or partition does not support the call at all. */
    NO_SUCH_CALL(Advice.REFUSED, "InvalidAction", "UnknownOperationException"),
    /** EC2 itself failed at this call. */
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
    /** Anything else; it is reported in EC2's own words. */
    OTHER(Advice.REFUSED);

    @SuppressWarnings("ImmutableEnumChecker") // Set.of makes immutable sets.
    private final Set<String> codes;

    private final Advice advice;

    Fault(Advice advice, String... codes) {
        this.advice = advice;
        this.codes = Set.of(codes);
    }

    /** What a caller can do about a fault, whatever the call. */
    public enum Advice {
        /** Too much at once: the next call fails the same way. Try later. */
        SLOW_DOWN,
        /** The resource that the call is about is busy. Try later; other calls can go on. */
        LATER,
        /** There is no capacity. Try later, or with another type or zone. */
        ELSEWHERE,
        /** Only a look at the image tells whether it is gone or the call came too early. */
        LOOK,
        /** It is gone for good, so nothing is left to do with it. */
        GONE,
        /** No such call succeeds until people act. */
        PEOPLE,
        /**
         * It is unknown whether the call was carried out. Try later; the next call may fail the
         * same way.
         */
        UNANSWERED,
        /** The same call for the same resource will be refused again. */
        REFUSED
    }

    private static final Pattern IMAGE = Pattern.compile("(?<=in use by AMI )ami-[0-9a-z]{1,40}");

    /**
     * AWS documents that a second copy in a bucket is refused, but not with which code. Only this
     * code together with the word "already" counts. If another refusal were mistaken for it, AMI
     * Keeper would believe that an image is safe when it is not.
     */
    private static final String REFUSED = "InvalidRequest";

    private static final String ALREADY = " already";

    private static final Set<String> REFUSES_SOMEBODY =
            Set.of(
                    "InvalidAMIAttributeItemValue",
                    "InvalidUserID.Malformed",
                    "InvalidParameterValue");

    /** EC2 ends an instance with this reason if it may not use the key of one of its volumes. */
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

    /** All known codes. */
    static Set<String> codes() {
        return BY_CODE.keySet();
    }

    /** Returns what this error means. */
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
            // These statuses mean a denial even if the code got lost on the way.
            case UNAUTHORIZED, FORBIDDEN -> DENIED;
            default -> answer.statusCode() >= 500 ? SERVER_ERROR : OTHER;
        };
    }

    /** The error in one line: its code and EC2's message. */
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
     * Whether EC2's reason for ending an instance at its launch is about a key.
     *
     * @see <a
     *     href="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html">Troubleshoot
     *     instance launch issues</a>
     */
    public static boolean isOfAKey(String reason) {
        return reason.contains(KEY);
    }

    /**
     * Whether the reason why an image or a copy failed is about a KMS key: it contains the key's
     * ARN or one of EC2's codes for it, or says that the key is not accessible.
     *
     * @see <a
     *     href="https://docs.aws.amazon.com/ebs/latest/userguide/ebs-cloud-watch-events.html">EventBridge
     *     events for Amazon EBS, the causes of failures</a>
     */
    public static boolean isOfAKmsKey(String reason) {
        String plain = reason.toLowerCase(Locale.ROOT);
        return plain.contains("kms") || plain.contains("given key id is not accessible");
    }

    /** What a caller can do about it. */
    public Advice advice() {
        return advice;
    }

    /** Whether EC2 says that the resource that the call was about does not exist. */
    boolean isNoMore() {
        return this == NOT_FOUND || this == GONE;
    }

    /** Whether the next call of the same kind fails the same way, whatever it is about. */
    public boolean meetsEveryCall() {
        return switch (advice) {
            case SLOW_DOWN, PEOPLE, UNANSWERED -> true;
            case REFUSED -> this == NO_SUCH_CALL;
            case LATER, ELSEWHERE, LOOK, GONE -> false;
        };
    }

    /**
     * An answer that does not come from EC2 itself, such as a proxy's, has neither a code nor a
     * message.
     */
    private static String words(AwsServiceException answer, AwsErrorDetails details) {
        String words =
                Stream.of(code(answer), Objects.requireNonNullElse(details.errorMessage(), ""))
                        .filter(text -> !text.isBlank())
                        .collect(Collectors.joining(": "));
        return words.isEmpty() ? "HTTP status " + answer.statusCode() : words;
    }

    /**
     * Whether a sharing call is refused because of somebody it names, such as a closed account or a
     * mistyped id. EC2 then does not share with the others either.
     *
     * @see <a
     *     href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html">Error
     *     codes for the Amazon EC2 API</a>
     */
    static boolean refusesSomebody(SdkException error) {
        return error instanceof AwsServiceException answer
                && REFUSES_SOMEBODY.contains(code(answer));
    }

    /**
     * The image that an error message names. This is only a hint and must be checked before it is
     * acted upon.
     */
    static Optional<ImageId> imageIn(SdkException error) {
        Matcher named = IMAGE.matcher(text(error));
        return named.find() ? Optional.of(new ImageId(named.group())) : Optional.empty();
    }

    static String code(AwsServiceException answer) {
        AwsErrorDetails details = answer.awsErrorDetails();
        return details == null || details.errorCode() == null ? "" : details.errorCode();
    }
}
