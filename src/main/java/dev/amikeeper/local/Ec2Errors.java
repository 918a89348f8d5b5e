package dev.amikeeper.local;

import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.services.ec2.model.Ec2Exception;

/**
 * EC2's errors.
 *
 * @see <a href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html">Error
 *     codes</a>
 */
final class Ec2Errors implements Calls.Errors {
    @Override
    public Ec2Exception throttled() {
        return error("RequestLimitExceeded", 503, "Request limit exceeded.");
    }

    @Override
    public Ec2Exception error(String code, int status, String message) {
        return of(code, status, message);
    }

    /** An error of the caller, 400. */
    static Ec2Exception wrong(String code, String message) {
        return of(code, 400, message);
    }

    static Ec2Exception invalidValue(String message) {
        return wrong("InvalidParameterValue", message);
    }

    static Ec2Exception noImage(String id) {
        return wrong("InvalidAMIID.NotFound", "The image id '[" + id + "]' does not exist");
    }

    static Ec2Exception imageUnavailable(String id) {
        return wrong(
                "InvalidAMIID.Unavailable", "The image ID '" + id + "' is no longer available");
    }

    static Ec2Exception noInstance(String id) {
        return wrong("InvalidInstanceID.NotFound", "The instance ID '" + id + "' does not exist");
    }

    static Ec2Exception noSnapshot(String id) {
        return wrong("InvalidSnapshot.NotFound", "The snapshot '" + id + "' does not exist.");
    }

    /** People report this wording; the API's pages do not give the code. */
    static Ec2Exception notUnderTheDefaultKey() {
        return wrong(
                "InvalidParameter",
                "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another"
                        + " snapshot.");
    }

    static Ec2Exception of(String code, int status, String message) {
        AwsErrorDetails details =
                AwsErrorDetails.builder()
                        .serviceName("Ec2")
                        .errorCode(code)
                        .errorMessage(message)
                        .build();
        Ec2Exception.Builder error = Ec2Exception.builder();
        error.awsErrorDetails(details).statusCode(status).message(message);
        return (Ec2Exception) error.build();
    }
}
