package dev.amikeeper.ec2;

import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Texts;

import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;

import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What an error of EC2, Auto Scaling or Systems Manager means to us. All their error codes stand
 * here and nowhere else.
 */
public enum Fault {
    /** Too many calls: later. */
    THROTTLED,
    /** A quota of the Region is used up for the moment: later. */
    NO_ROOM,
    /** EC2 has no such servers in that zone for the moment: later, or elsewhere. */
    NO_CAPACITY,
    /** This volume has too many snapshots under way or too often: later. */
    BUSY,
    /** An image of that name exists. */
    NAME_TAKEN,
    /** EC2 does not show the image: it is gone, or so new that not every call sees it yet. */
    NOT_FOUND,
    /** What the call is about is gone for good. */
    GONE,
    /** An image that the bucket has already, or is about to. */
    ALREADY_STORED,
    /** What the call is about is not in a state that allows it. */
    WRONG_STATE,
    /** The role may not make this call, or the image is protected. */
    DENIED,
    /** A client token that was used with other parameters. */
    TOKEN_TAKEN,
    /** A snapshot that an image uses. */
    IN_USE,
    /** This Region or partition does not know the call at all. */
    NO_SUCH_CALL,
    /** EC2 failed itself, at this call. */
    SERVER_ERROR,
    /** The Region did not answer. */
    UNREACHABLE,
    /** Anything else: it surfaces with EC2's own words. */
    OTHER;

    private static final Pattern IMAGE = Pattern.compile("(?<=in use by AMI )ami-[0-9a-z]{1,40}");

    /**
     * AWS says that a second copy in a bucket is refused, and not by which code. Only this code
     * with this word counts: to take another refusal for it would be to believe that an image is
     * safe.
     */
    private static final String REFUSED = "InvalidRequest";

    private static final String ALREADY = " already";

    private static final Map<String, Fault> BY_CODE =
            Map.ofEntries(
                    Map.entry("RequestLimitExceeded", THROTTLED),
                    Map.entry("Throttling", THROTTLED),
                    Map.entry("ThrottlingException", THROTTLED),
                    Map.entry("ResourceLimitExceeded", NO_ROOM),
                    Map.entry("InstanceLimitExceeded", NO_ROOM),
                    Map.entry("VcpuLimitExceeded", NO_ROOM),
                    Map.entry("InsufficientInstanceCapacity", NO_CAPACITY),
                    Map.entry("InsufficientHostCapacity", NO_CAPACITY),
                    Map.entry("InsufficientReservedInstanceCapacity", NO_CAPACITY),
                    Map.entry("InsufficientFreeAddressesInSubnet", NO_CAPACITY),
                    Map.entry("InsufficientVolumeCapacity", NO_CAPACITY),
                    Map.entry("IdempotentParameterMismatch", TOKEN_TAKEN),
                    Map.entry("ConcurrentSnapshotLimitExceeded", BUSY),
                    Map.entry("PendingSnapshotLimitExceeded", BUSY),
                    Map.entry("SnapshotCreationPerVolumeRateExceeded", BUSY),
                    Map.entry("SnapshotLimitExceeded", NO_ROOM),
                    Map.entry("ImageLimitExceeded", NO_ROOM),
                    Map.entry("AMIQuotaExceeded", NO_ROOM),
                    Map.entry("InvalidAMIName.Duplicate", NAME_TAKEN),
                    Map.entry("InvalidAMIID.NotFound", NOT_FOUND),
                    Map.entry("InvalidAMIID.Unavailable", GONE),
                    Map.entry("InvalidInstanceID.NotFound", GONE),
                    Map.entry("InvalidSnapshot.NotFound", GONE),
                    Map.entry("IncorrectInstanceState", WRONG_STATE),
                    Map.entry("IncorrectState", WRONG_STATE),
                    Map.entry("UnauthorizedOperation", DENIED),
                    Map.entry("AccessDenied", DENIED),
                    Map.entry("AccessDeniedException", DENIED),
                    Map.entry("AuthFailure", DENIED),
                    Map.entry("OptInRequired", DENIED),
                    Map.entry("OperationNotPermitted", DENIED),
                    Map.entry("InvalidSnapshot.InUse", IN_USE),
                    Map.entry("InvalidAction", NO_SUCH_CALL));

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
        return answer.statusCode() >= 500 ? SERVER_ERROR : OTHER;
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

    /** Whether the next call of the same kind meets it too, whatever that is about. */
    boolean meetsEveryCall() {
        return switch (this) {
            case THROTTLED, NO_ROOM, DENIED, NO_SUCH_CALL, SERVER_ERROR, UNREACHABLE -> true;
            case NO_CAPACITY,
                    TOKEN_TAKEN,
                    BUSY,
                    NAME_TAKEN,
                    ALREADY_STORED,
                    NOT_FOUND,
                    GONE,
                    WRONG_STATE,
                    IN_USE,
                    OTHER ->
                    false;
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

    /** The image that an answer names in its words: a hint, never to be acted upon unchecked. */
    static Optional<ImageId> imageIn(SdkException error) {
        Matcher named = IMAGE.matcher(text(error));
        return named.find() ? Optional.of(new ImageId(named.group())) : Optional.empty();
    }

    private static String code(AwsServiceException answer) {
        AwsErrorDetails details = answer.awsErrorDetails();
        return details == null || details.errorCode() == null ? "" : details.errorCode();
    }
}
