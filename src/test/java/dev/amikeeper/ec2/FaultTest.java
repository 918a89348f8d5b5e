package dev.amikeeper.ec2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.image.Region;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ec2.model.Ec2Exception;

import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;

final class FaultTest {
    private static final Region WEST = new Region("us-west-2");

    /**
     * Every documented code that can come from a call of ours, and who documents it.
     *
     * <ul>
     *   <li>EC2: "Error codes for the Amazon EC2 API" of its developer guide
     *   <li>all: "Common errors" of the services' API references
     *   <li>Auto Scaling, SSM, SQS, SNS: the SDK's service models, where not among the above
     *   <li>DynamoDB: "Error handling with DynamoDB" of its developer guide
     *   <li>STS: "Common errors" of its API reference
     *   <li>SDK: the codes that its retry policy takes for throttling ({@code AwsErrorCode})
     *   <li>observed: EC2 documents the quota, and no code
     * </ul>
     */
    private static final String CODES =
            """
            RequestLimitExceeded                       | 503 | THROTTLED    | EC2
            Throttling                                 | 400 | THROTTLED    | SDK
            EC2ThrottledException                      | 400 | THROTTLED    | SDK
            RequestThrottledException                  | 400 | THROTTLED    | SDK
            ThrottlingException                        | 400 | THROTTLED    | all
            Throttled                                  | 429 | THROTTLED    | SNS
            KMSThrottling                              | 400 | THROTTLED    | SNS
            RequestThrottled                           | 403 | THROTTLED    | SQS
            KmsThrottled                               | 400 | THROTTLED    | SQS
            ProvisionedThroughputExceededException     | 400 | THROTTLED    | DynamoDB
            ResourceLimitExceeded                      | 400 | NO_ROOM      | EC2
            VcpuLimitExceeded                          | 400 | QUOTA        | EC2
            InstanceLimitExceeded                      | 400 | QUOTA        | EC2
            MaxSpotInstanceCountExceeded               | 400 | QUOTA        | EC2
            AddressLimitExceeded                       | 400 | QUOTA        | EC2
            VolumeLimitExceeded                        | 400 | QUOTA        | EC2
            MaxIOPSLimitExceeded                       | 400 | QUOTA        | EC2
            NetworkInterfaceLimitExceeded              | 400 | QUOTA        | EC2
            SecurityGroupLimitExceeded                 | 400 | QUOTA        | EC2
            SecurityGroupsPerInstanceLimitExceeded     | 400 | QUOTA        | EC2
            SecurityGroupsPerInterfaceLimitExceeded    | 400 | QUOTA        | EC2
            SnapshotLimitExceeded                      | 400 | QUOTA        | EC2
            ImageLimitExceeded                         | 400 | QUOTA        | observed
            AMIQuotaExceeded                           | 400 | QUOTA        | observed
            InsufficientInstanceCapacity               | 500 | NO_CAPACITY  | EC2
            InsufficientHostCapacity                   | 500 | NO_CAPACITY  | EC2
            InsufficientReservedInstanceCapacity       | 500 | NO_CAPACITY  | EC2
            InsufficientAddressCapacity                | 500 | NO_CAPACITY  | EC2
            InsufficientVolumeCapacity                 | 500 | NO_CAPACITY  | EC2
            InsufficientCapacity                       | 500 | NO_CAPACITY  | EC2
            InsufficientCapacityOnHost                 | 400 | NO_CAPACITY  | EC2
            InsufficientReservedInstancesCapacity      | 400 | NO_CAPACITY  | EC2
            InsufficientFreeAddressesInSubnet          | 400 | NO_CAPACITY  | EC2
            ReservationCapacityExceeded                | 400 | NO_CAPACITY  | EC2
            IncompatibleHostRequirements               | 400 | NO_CAPACITY  | EC2
            UnavailableHostRequirements                | 400 | NO_CAPACITY  | EC2
            UnfulfillableCapacity                      | 400 | NO_CAPACITY  | EC2
            ConcurrentSnapshotLimitExceeded            | 400 | BUSY         | EC2
            ConcurrentCreateImageNoRebootLimitExceeded | 400 | BUSY         | EC2
            ConcurrentTagAccess                        | 400 | BUSY         | EC2
            PendingSnapshotLimitExceeded               | 400 | BUSY         | EC2
            SnapshotCreationPerVolumeRateExceeded      | 400 | BUSY         | EC2
            CreditSpecificationUpdateInProgress        | 400 | BUSY         | EC2
            ResourceContention                         | 500 | BUSY         | Auto Scaling
            TransactionConflictException               | 400 | BUSY         | DynamoDB
            TransactionInProgressException             | 400 | BUSY         | DynamoDB
            InvalidAMIName.Duplicate                   | 400 | NAME_TAKEN   | EC2
            InvalidAMIID.NotFound                      | 400 | NOT_FOUND    | EC2
            InvalidAMIID.Unavailable                   | 400 | UNAVAILABLE  | EC2
            InvalidInstanceID.NotFound                 | 400 | GONE         | EC2
            InvalidLaunchTemplateId.NotFound           | 400 | GONE         | EC2
            InvalidSnapshot.NotFound                   | 400 | GONE         | EC2
            IncorrectInstanceState                     | 400 | WRONG_STATE  | EC2
            IncorrectState                             | 400 | WRONG_STATE  | EC2
            InvalidInstanceState                       | 400 | WRONG_STATE  | EC2
            InvalidState                               | 400 | WRONG_STATE  | EC2
            UnauthorizedOperation                      | 403 | DENIED       | EC2
            AuthFailure                                | 401 | DENIED       | EC2
            OptInRequired                              | 401 | DENIED       | EC2
            AccessDenied                               | 403 | DENIED       | Auto Scaling
            AccessDeniedException                      | 400 | DENIED       | all
            NotAuthorized                              | 400 | DENIED       | all
            AuthorizationError                         | 403 | DENIED       | SNS
            KMSAccessDenied                            | 400 | DENIED       | SNS
            KMSDisabled                                | 400 | DENIED       | SNS
            KMSInvalidState                            | 400 | DENIED       | SNS
            KMSNotFound                                | 400 | DENIED       | SNS
            KMSOptInRequired                           | 400 | DENIED       | SNS
            KmsAccessDenied                            | 400 | DENIED       | SQS
            KmsDisabled                                | 400 | DENIED       | SQS
            KmsInvalidState                            | 400 | DENIED       | SQS
            KmsNotFound                                | 400 | DENIED       | SQS
            KmsOptInRequired                           | 400 | DENIED       | SQS
            PendingVerification                        | 403 | CALLER       | EC2
            Blocked                                    | 403 | CALLER       | EC2
            AccountDisabled                            | 403 | CALLER       | EC2
            RequestExpired                             | 400 | CALLER       | EC2
            InvalidSecurity.RequestHasExpired          | 400 | CALLER       | EC2
            MissingAuthenticationToken                 | 400 | CALLER       | EC2
            InvalidClientTokenId                       | 403 | CALLER       | EC2
            SignatureDoesNotMatch                      | 403 | CALLER       | EC2
            IncompleteSignature                        | 400 | CALLER       | EC2
            ExpiredToken                               | 403 | CALLER       | STS
            ExpiredTokenException                      | 403 | CALLER       | all
            UnrecognizedClientException                | 400 | CALLER       | DynamoDB
            IncompleteSignatureException               | 400 | CALLER       | DynamoDB
            MissingAuthenticationTokenException        | 400 | CALLER       | DynamoDB
            InvalidSignatureException                  | 403 | CALLER       | DynamoDB
            OperationNotPermitted                      | 400 | PROTECTED    | EC2
            IdempotentParameterMismatch                | 400 | TOKEN_TAKEN  | EC2
            IdempotentInstanceTerminated               | 400 | TOKEN_TAKEN  | EC2
            IdempotentParameterMismatchException       | 400 | TOKEN_TAKEN  | DynamoDB
            InvalidSnapshot.InUse                      | 400 | IN_USE       | EC2
            InvalidAction                              | 400 | NO_SUCH_CALL | EC2
            UnknownOperationException                  | 400 | NO_SUCH_CALL | DynamoDB
            InternalError                              | 500 | SERVER_ERROR | EC2
            InternalFailure                            | 500 | SERVER_ERROR | EC2
            ServerInternal                             | 500 | SERVER_ERROR | EC2
            Unavailable                                | 503 | SERVER_ERROR | EC2
            ServiceUnavailable                         | 503 | SERVER_ERROR | EC2
            RetryableError                             | 400 | SERVER_ERROR | EC2
            InternalServerError                        | 500 | SERVER_ERROR | SSM, DynamoDB
            AttachmentLimitExceeded                    | 400 | OTHER        | EC2
            CustomerKeyHasBeenRevoked                  | 400 | OTHER        | EC2
            DefaultVpcDoesNotExist                     | 400 | OTHER        | EC2
            FilterLimitExceeded                        | 400 | OTHER        | EC2
            Gateway.NotAttached                        | 400 | OTHER        | EC2
            InvalidAllocationID.NotFound               | 400 | OTHER        | EC2
            InvalidAMIAttributeItemValue               | 400 | OTHER        | EC2
            InvalidAMIName.Malformed                   | 400 | OTHER        | EC2
            InvalidBlockDeviceMapping                  | 400 | OTHER        | EC2
            InvalidGroup.NotFound                      | 400 | OTHER        | EC2
            InvalidIamInstanceProfileArn.Malformed     | 400 | OTHER        | EC2
            InvalidInterface.IpAddressLimitExceeded    | 400 | OTHER        | EC2
            InvalidIPAddress.InUse                     | 400 | OTHER        | EC2
            InvalidKeyPair.NotFound                    | 400 | OTHER        | EC2
            InvalidParameter                           | 400 | OTHER        | EC2
            InvalidParameterCombination                | 400 | OTHER        | EC2
            InvalidParameterValue                      | 400 | OTHER        | EC2
            InvalidSubnetID.NotFound                   | 400 | OTHER        | EC2
            MissingParameter                           | 400 | OTHER        | EC2
            PrivateIpAddressLimitExceeded              | 400 | OTHER        | EC2
            Resource.AlreadyAssociated                 | 400 | OTHER        | EC2
            TagLimitExceeded                           | 400 | OTHER        | EC2
            TagPolicyViolation                         | 400 | OTHER        | EC2
            Unsupported                                | 400 | OTHER        | EC2
            UnsupportedOperation                       | 400 | OTHER        | EC2
            VolumeTypeNotAvailableInZone               | 400 | OTHER        | EC2
            VPCIdNotSpecified                          | 400 | OTHER        | EC2
            InvalidNextToken                           | 400 | OTHER        | Auto Scaling
            InvalidInstanceId                          | 400 | OTHER        | SSM
            InvalidDocument                            | 400 | OTHER        | SSM
            ParameterNotFound                          | 400 | OTHER        | SSM
            InvalidKeyId                               | 400 | OTHER        | SSM
            ValidationException                        | 400 | OTHER        | SSM
            QueueDoesNotExist                          | 400 | OTHER        | SQS
            NotFound                                   | 404 | OTHER        | SNS
            ResourceNotFoundException                  | 400 | OTHER        | DynamoDB
            ConditionalCheckFailedException            | 400 | OTHER        | DynamoDB
            TransactionCanceledException               | 400 | OTHER        | DynamoDB
            """;

    @ParameterizedTest
    @CsvSource(textBlock = CODES, delimiter = '|')
    void everyCodeMeansOneOfOurWords(String code, int status, Fault fault, String source) {
        assertThat(Fault.of(answer(code, "EC2's words", status))).as(source).isEqualTo(fault);
    }

    @Test
    void everyCodeOfOurWordsHasASource() {
        Set<String> sourced =
                CODES.lines()
                        .map(line -> line.substring(0, line.indexOf('|')).strip())
                        .collect(Collectors.toSet());

        assertThat(sourced).containsAll(Fault.codes());
    }

    @ParameterizedTest
    @CsvSource({"401", "403"})
    void aRefusalWhoseCodeWasLostIsADenial(int status) {
        assertThat(Fault.of(answer(null, null, status))).isEqualTo(Fault.DENIED);
        assertThat(Fault.of(withoutDetails(status))).isEqualTo(Fault.DENIED);
    }

    @ParameterizedTest
    @CsvSource({"AuthFailure, AuthFailure", "OptInRequired, OptInRequired", ", HTTP 401"})
    void whereAWholeRegionRefusesPeopleAreAskedWhetherItIsEnabled(String code, String cause) {
        Blocker blocker =
                Blocker.of(answer(code, "not validated", 401), "ec2:CopyImage", WEST).orElseThrow();

        assertThat(blocker.cause()).isEqualTo(cause);
        assertThat(blocker.mayConcernOneOnly()).isFalse();
        assertThat(blocker.remedy())
                .startsWith("is the Region us-west-2 enabled for this account?");
    }

    @Test
    void aMissingPermissionBlocksByItsName() {
        Blocker blocker =
                Blocker.of(answer("UnauthorizedOperation", "no", 403), "ec2:CopyImage", WEST)
                        .orElseThrow();

        assertThat(blocker.cause()).isEqualTo("ec2:CopyImage");
        assertThat(blocker.mayConcernOneOnly()).isTrue();
        assertThat(blocker.why())
                .isEqualTo("the role may not call ec2:CopyImage: UnauthorizedOperation: no");
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void whatPeopleMustMendBlocksAndNothingElse(Fault fault) {
        Set<Fault> byPeople = EnumSet.of(Fault.QUOTA, Fault.DENIED, Fault.CALLER);

        for (String code : Fault.codes()) {
            SdkException error = answer(code, "EC2's words", 400);
            if (Fault.of(error) == fault) {
                assertThat(Blocker.of(error, "ec2:RunInstances", WEST).isPresent())
                        .as(code)
                        .isEqualTo(byPeople.contains(fault));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "VcpuLimitExceeded, \"Running On-Demand instances (vCPUs) of the instance's family\" of"
                + " Amazon EC2 in us-west-2",
        "VolumeLimitExceeded, \"Storage of volumes of this type\\, in TiB\" of Amazon EBS in"
                + " us-west-2",
        "SnapshotLimitExceeded, \"Snapshots per Region\" of Amazon EBS in us-west-2"
    })
    void aQuotaIsNamedAndWhereItIsRaised(String code, String quota) {
        assertThat(Blocker.of(answer(code, "", 400), "ec2:RunInstances", WEST))
                .get()
                .extracting(Blocker::remedy)
                .asString()
                .startsWith("raise the quota " + quota.replace("\\", ""))
                .contains("Service Quotas");
    }

    @ParameterizedTest
    @CsvSource({
        "VcpuLimitExceeded, ec2:RunInstances, true",
        "VcpuLimitExceeded, ec2:CreateImage, false",
        "SnapshotLimitExceeded, ec2:CopyImage, true",
        "SnapshotLimitExceeded, ec2:RunInstances, false",
        "ec2:CopyImage, ec2:CopyImage, true",
        "ec2:CopyImage, ec2:CreateImage, false",
        "AuthFailure, ec2:CreateImage, true",
        "HTTP 401, ec2:CreateImage, true",
        "PendingVerification, ec2:RunInstances, true"
    })
    void onlyTheSameWorkEndsABlock(String cause, String permission, boolean over) {
        assertThat(Blocker.isOver(cause, permission)).isEqualTo(over);
    }

    @Test
    void everyPaceKnowsItsPermission() {
        assertThat(Pace.Call.CREATE_IMAGE.permission()).isEqualTo("ec2:CreateImage");
        assertThat(Pace.Call.CREATE_RESTORE_IMAGE_TASK.permission())
                .isEqualTo("ec2:CreateRestoreImageTask");
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
        "VcpuLimitExceeded, 400, true",
        "PendingVerification, 403, true",
        "OperationNotPermitted, 400, false",
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
