package dev.amikeeper.local;

import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.services.iam.IamClient;
import software.amazon.awssdk.services.iam.model.GetInstanceProfileRequest;
import software.amazon.awssdk.services.iam.model.GetInstanceProfileResponse;
import software.amazon.awssdk.services.iam.model.IamException;
import software.amazon.awssdk.services.iam.model.NoSuchEntityException;
import software.amazon.awssdk.services.iam.model.Role;

import java.util.Optional;

/** IAM's instance profiles. Each has a role of the same name. */
public final class SimulatedIam implements IamClient {
    private static final Calls.Errors ERRORS =
            new ServiceErrors("Iam", "Throttling", IamException::builder);

    /** The Region in which IAM's calls are counted: IAM has one endpoint per partition. */
    private static final String REGION = "us-east-1";

    private final CloudCore core;
    private final Calls calls;

    SimulatedIam(CloudCore core, Calls calls) {
        this.core = core;
        this.calls = calls;
    }

    @Override
    public GetInstanceProfileResponse getInstanceProfile(GetInstanceProfileRequest request) {
        return calls.run(
                new Calls.Action("GetInstanceProfile", REGION),
                Optional.empty(),
                ERRORS,
                () -> {
                    String name = request.instanceProfileName();
                    if (!core.settings().knowsProfile(name)) {
                        String text = "Instance Profile " + name + " cannot be found.";
                        throw NoSuchEntityException.builder()
                                .statusCode(404)
                                .message(text)
                                .awsErrorDetails(details("NoSuchEntity", text))
                                .build();
                    }
                    return GetInstanceProfileResponse.builder()
                            .instanceProfile(profile ->
                                    profile.instanceProfileName(name)
                                            .arn(arn("instance-profile", name))
                                            .roles(
                                                    Role.builder()
                                                            .roleName(name)
                                                            .arn(arn("role", name))
                                                            .build()))
                            .build();
                });
    }

    private String arn(String type, String name) {
        return "arn:aws:iam::" + core.account() + ":" + type + "/" + name;
    }

    @Override
    public String serviceName() {
        return SERVICE_NAME;
    }

    @Override
    public void close() {}

    private static AwsErrorDetails details(String code, String message) {
        return AwsErrorDetails.builder()
                .serviceName("Iam")
                .errorCode(code)
                .errorMessage(message)
                .build();
    }
}
