package dev.amikeeper.ec2;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ec2.model.Ec2Exception;

final class FaultTest {
    @ParameterizedTest
    @CsvSource({
        "RequestLimitExceeded, 503, THROTTLED",
        "Throttling, 400, THROTTLED",
        "ThrottlingException, 400, THROTTLED",
        "ResourceLimitExceeded, 400, NO_ROOM",
        "ConcurrentSnapshotLimitExceeded, 400, BUSY",
        "SnapshotLimitExceeded, 400, NO_ROOM",
        "ImageLimitExceeded, 400, NO_ROOM",
        "AMIQuotaExceeded, 400, NO_ROOM",
        "PendingSnapshotLimitExceeded, 400, BUSY",
        "SnapshotCreationPerVolumeRateExceeded, 400, BUSY",
        "InvalidAMIName.Duplicate, 400, NAME_TAKEN",
        "InvalidAMIID.NotFound, 400, NOT_FOUND",
        "InvalidAMIID.Unavailable, 400, GONE",
        "InvalidInstanceID.NotFound, 400, GONE",
        "InvalidSnapshot.NotFound, 400, GONE",
        "IncorrectInstanceState, 400, WRONG_STATE",
        "IncorrectState, 400, WRONG_STATE",
        "UnauthorizedOperation, 403, DENIED",
        "AccessDenied, 403, DENIED",
        "AccessDeniedException, 403, DENIED",
        "AuthFailure, 401, DENIED",
        "OptInRequired, 401, DENIED",
        "OperationNotPermitted, 400, DENIED",
        "InvalidSnapshot.InUse, 400, IN_USE",
        "InvalidAction, 400, NO_SUCH_CALL"
    })
    void everyCodeMeansOneOfOurWords(String code, int status, Fault fault) {
        assertThat(Fault.of(answer(code, "EC2's words", status))).isEqualTo(fault);
    }

    @ParameterizedTest
    @CsvSource({
        "InvalidAMIName.Malformed, 400",
        "InvalidParameterValue, 400",
        "SomethingNew, 404",
        "requestlimitexceeded, 400",
        ", 400"
    })
    void anUnknownRefusalIsAnyOther(String code, int status) {
        assertThat(Fault.of(answer(code, "EC2's words", status))).isEqualTo(Fault.OTHER);
    }

    @Test
    void onlyARefusalThatSaysSoMeansThatAnImageIsStored() {
        String there = "The image ami-1 is in the bucket archive already";

        assertThat(Fault.of(answer("InvalidRequest", there, 400))).isEqualTo(Fault.ALREADY_STORED);
        assertThat(Fault.of(answer("InvalidRequest", "no", 400))).isEqualTo(Fault.OTHER);
        assertThat(Fault.of(answer("InvalidParameterValue", there, 400))).isEqualTo(Fault.OTHER);
    }

    @ParameterizedTest
    @CsvSource({"InternalError, 500", "Unavailable, 503", "SomethingNew, 599", ", 502"})
    void anUnknownFailureOfEc2ItselfIsAServerError(String code, int status) {
        assertThat(Fault.of(answer(code, "EC2's words", status))).isEqualTo(Fault.SERVER_ERROR);
    }

    @Test
    void anAnswerWithoutDetailsGoesByItsStatus() {
        assertThat(Fault.of(withoutDetails(503))).isEqualTo(Fault.SERVER_ERROR);
        assertThat(Fault.of(withoutDetails(400))).isEqualTo(Fault.OTHER);
    }

    @Test
    void noAnswerIsUnreachable() {
        assertThat(Fault.of(SdkClientException.create("Connect timed out")))
                .isEqualTo(Fault.UNREACHABLE);
    }

    @Test
    void textHasTheCodeAndEc2sWords() {
        assertThat(Fault.text(answer("IncorrectState", "It is\nstopping", 400)))
                .isEqualTo("IncorrectState: It is?stopping");
    }

    @Test
    void textHasWhatThereIsOfCodeAndWords() {
        assertThat(Fault.text(answer("IncorrectState", null, 400))).isEqualTo("IncorrectState");
        assertThat(Fault.text(answer(null, "EC2's words", 400))).isEqualTo("EC2's words");
        assertThat(Fault.text(answer(null, null, 502))).isEqualTo("HTTP status 502");
    }

    @Test
    void textWithoutDetailsIsTheMessage() {
        assertThat(Fault.text(withoutDetails(503))).isEqualTo("no details");
        assertThat(Fault.text(SdkClientException.create("Connect timed out")))
                .isEqualTo("Connect timed out");
        assertThat(Fault.text(SdkClientException.builder().build()))
                .isEqualTo("SdkClientException");
    }

    @Test
    void aDenialSaysWhichPermissionIsMissing() {
        SdkException denied = answer("AccessDenied", "You may not", 403);

        assertThat(Fault.text(denied, "autoscaling:DescribeAutoScalingGroups"))
                .isEqualTo(
                        "the role may not call autoscaling:DescribeAutoScalingGroups: AccessDenied:"
                                + " You may not");
        assertThat(Fault.text(answer("Throttling", "Later", 400), "ec2:DescribeFleets"))
                .isEqualTo("Throttling: Later");
    }

    @ParameterizedTest
    @CsvSource({
        "ThrottlingException, 400, true",
        "ResourceLimitExceeded, 400, true",
        "UnauthorizedOperation, 403, true",
        "InternalError, 500, true",
        "InvalidAction, 400, true",
        "InvalidAMIID.NotFound, 400, false",
        "InvalidAMIID.Unavailable, 400, false",
        "IncorrectState, 400, false",
        "SomethingNew, 400, false"
    })
    void someFaultsMeetEveryCallAndSomeOneImage(String code, int status, boolean every) {
        assertThat(Fault.of(answer(code, "EC2's words", status)).meetsEveryCall()).isEqualTo(every);
    }

    private static SdkException withoutDetails(int status) {
        return Ec2Exception.builder().statusCode(status).message("no details").build();
    }

    private static SdkException answer(
            @org.jspecify.annotations.Nullable String code,
            @org.jspecify.annotations.Nullable String message,
            int status) {
        return Ec2Exception.builder()
                .statusCode(status)
                .awsErrorDetails(
                        AwsErrorDetails.builder().errorCode(code).errorMessage(message).build())
                .build();
    }
}
