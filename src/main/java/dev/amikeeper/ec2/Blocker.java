package dev.amikeeper.ec2;

import dev.amikeeper.image.Region;

import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;

import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Why all work of a kind waits in a Region until people act: a quota, a permission, or the account.
 * People are told once per Region and cause.
 *
 * @param cause the quota's code, the permission, or the code with which AWS refuses all calls
 * @param why what AWS said, in one line
 * @param remedy what a person can do, in one line
 */
public record Blocker(String cause, String why, String remedy) {

    /**
     * The remedies where AWS processes no calls at all. All other such codes are about credentials.
     */
    private static final Map<String, String> CALLERS =
            Map.of(
                    "PendingVerification",
                    "AWS verifies the account, which may take four hours; if it lasts, ask AWS"
                            + " Support",
                    "Blocked",
                    "AWS has blocked the account: ask AWS Support",
                    "AccountDisabled",
                    "AWS has disabled this for the account: ask AWS Support");

    private static final String CREDENTIALS =
            "AWS does not accept the caller's credentials: if it lasts for more than"
                    + " an hour, check that the function's role exists and deploy the stack"
                    + " again; on a command line, log in again";

    /** Codes with which AWS refuses all calls to a Region, whatever the role may do. */
    private static final Set<String> NOT_ENABLED = Set.of("AuthFailure", "OptInRequired");

    /**
     * Returns what is behind this error if it is not about a single image or instance and only
     * people can fix it: a quota, a permission, or the account.
     *
     * @param permission the permission for the call, as {@code ec2:CreateImage}
     */
    public static Optional<Blocker> of(SdkException error, String permission, Region region) {
        if (!(error instanceof AwsServiceException answer)) {
            return Optional.empty();
        }
        Fault fault = Fault.of(error);
        if (fault.advice() != Fault.Advice.PEOPLE) {
            return Optional.empty();
        }
        String code = Fault.code(answer);
        if (fault == Fault.QUOTA) {
            return Optional.of(usedUp(error, code, region));
        }
        return Optional.of(
                fault == Fault.CALLER
                        ? new Blocker(
                                code, Fault.text(error), CALLERS.getOrDefault(code, CREDENTIALS))
                        : denied(answer, code, permission, region));
    }

    private static Blocker usedUp(SdkException error, String code, Region region) {
        Quota quota = Quota.of(code).orElseThrow();
        return new Blocker(
                code,
                Fault.text(error),
                "raise the quota \"%s\" of %s in %s: Service Quotas in the console,"
                                .formatted(quota.name(), quota.service(), region)
                        + " or ask AWS Support; or remove what is no longer"
                        + " needed");
    }

    private static Blocker denied(
            AwsServiceException answer, String code, String permission, Region region) {
        boolean role = answer.statusCode() != Fault.UNAUTHORIZED && !NOT_ENABLED.contains(code);
        return role
                ? new Blocker(
                        permission,
                        Fault.text(answer, permission),
                        "let the function's role make this call in %s: was the role changed, or does"
                                        .formatted(region)
                                + " a permissions boundary or a policy of the organization forbid"
                                + " it?")
                : new Blocker(
                        code.isEmpty() ? "HTTP " + answer.statusCode() : code,
                        Fault.text(answer),
                        "is the Region %s enabled for this account? If it is, check that the role may"
                                        .formatted(region)
                                + " call %s there; if it should not be, remove it from the policies"
                                        .formatted(permission));
    }

    /**
     * Whether a successful call shows that a blocker is over.
     *
     * @param cause the blocker's
     * @param permission the permission for the call, as {@code ec2:CreateImage}
     */
    public static boolean isOver(String cause, String permission) {
        return Quota.of(cause)
                .map(quota -> quota.refuses(permission))
                .orElseGet(() -> !cause.contains(":") || cause.equals(permission));
    }

    /**
     * Whether the next call of the same kind may succeed, because the role's permission may depend
     * on tags.
     */
    public boolean mayConcernOneOnly() {
        return cause.contains(":");
    }
}
