package dev.amikeeper.local;

import software.amazon.awssdk.services.ec2.model.DescribeImageAttributeRequest;
import software.amazon.awssdk.services.ec2.model.DescribeImageAttributeResponse;
import software.amazon.awssdk.services.ec2.model.DisableImageDeprecationRequest;
import software.amazon.awssdk.services.ec2.model.DisableImageDeprecationResponse;
import software.amazon.awssdk.services.ec2.model.DisableImageDeregistrationProtectionRequest;
import software.amazon.awssdk.services.ec2.model.DisableImageDeregistrationProtectionResponse;
import software.amazon.awssdk.services.ec2.model.DisableImageRequest;
import software.amazon.awssdk.services.ec2.model.DisableImageResponse;
import software.amazon.awssdk.services.ec2.model.EnableImageDeprecationRequest;
import software.amazon.awssdk.services.ec2.model.EnableImageDeprecationResponse;
import software.amazon.awssdk.services.ec2.model.EnableImageDeregistrationProtectionRequest;
import software.amazon.awssdk.services.ec2.model.EnableImageDeregistrationProtectionResponse;
import software.amazon.awssdk.services.ec2.model.EnableImageRequest;
import software.amazon.awssdk.services.ec2.model.EnableImageResponse;
import software.amazon.awssdk.services.ec2.model.ImageState;
import software.amazon.awssdk.services.ec2.model.LaunchPermission;
import software.amazon.awssdk.services.ec2.model.ModifyImageAttributeRequest;
import software.amazon.awssdk.services.ec2.model.ModifyImageAttributeResponse;
import software.amazon.awssdk.services.ec2.model.OperationType;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Changes of existing images: their state, their protection, and with whom they are shared. */
final class SimulatedImageChanges {
    private static final int MAX_PERMISSIONS = 1000;
    private static final Duration COOL_DOWN = Duration.ofHours(24);
    private static final String PROTECTED = "enabled-without-cooldown";
    private static final String COOLING = "disabled after ";
    private static final String PROTECTED_WITH_COOL_DOWN = "enabled-with-cooldown";

    private final CloudCore core;
    private final SimulatedImages images;

    SimulatedImageChanges(CloudCore core, SimulatedImages images) {
        this.core = core;
        this.images = images;
    }

    /** Removes every launch permission; enabling does not restore them. */
    DisableImageResponse disable(DisableImageRequest request) {
        String id = request.imageId();
        LocalImage image = images.require(id);
        if (!image.is(ImageState.DISABLED)) {
            requireState(image, ImageState.AVAILABLE);
            images.change(id, it -> it.shared(List.of()).with(i -> i.state(ImageState.DISABLED)));
            core.events().imageState(images.region(), id, "disabled", "");
        }
        return DisableImageResponse.builder().returnValue(true).build();
    }

    EnableImageResponse enable(EnableImageRequest request) {
        String id = request.imageId();
        LocalImage image = images.require(id);
        if (!image.is(ImageState.AVAILABLE)) {
            requireState(image, ImageState.DISABLED);
            images.change(id, it -> it.with(i -> i.state(ImageState.AVAILABLE)));
            core.events().imageState(images.region(), id, "available", "");
        }
        return EnableImageResponse.builder().returnValue(true).build();
    }

    private static void requireState(LocalImage image, ImageState state) {
        if (!image.is(state)) {
            throw Ec2Errors.wrong(
                    "IncorrectState", "The image " + image.id() + " is " + image.image().state());
        }
    }

    /**
     * Sets the date from which the image is deprecated, rounded to the minute. The date must not be
     * in the past or more than 10 years ahead.
     */
    EnableImageDeprecationResponse deprecate(EnableImageDeprecationRequest request) {
        LocalImage image = images.require(request.imageId());
        Instant at = request.deprecateAt();
        Instant now = core.timeline().instant();
        Instant minute = at.plusSeconds(30).truncatedTo(ChronoUnit.MINUTES);
        if (at.isBefore(now) || at.isAfter(now.plus(3653, ChronoUnit.DAYS))) {
            throw Ec2Errors.invalidValue(
                    "The deprecation date must lie in the next 10 years: " + at);
        }
        images.change(image.id(), it -> it.with(i -> i.deprecationTime(Ec2Times.iso(minute))));
        return EnableImageDeprecationResponse.builder().returnValue(true).build();
    }

    DisableImageDeprecationResponse undeprecate(DisableImageDeprecationRequest request) {
        LocalImage image = images.require(request.imageId());
        images.change(image.id(), it -> it.with(i -> i.deprecationTime(null)));
        return DisableImageDeprecationResponse.builder().returnValue(true).build();
    }

    EnableImageDeregistrationProtectionResponse protect(
            EnableImageDeregistrationProtectionRequest request) {
        LocalImage image = images.require(request.imageId());
        boolean coolsDown = Boolean.TRUE.equals(request.withCooldown());
        String protection = coolsDown ? PROTECTED_WITH_COOL_DOWN : PROTECTED;
        images.change(image.id(), it -> it.with(i -> i.deregistrationProtection(protection)));
        return EnableImageDeregistrationProtectionResponse.builder().returnValue("true").build();
    }

    /** Lifts the protection. With a cool-down it still holds for 24 hours. */
    DisableImageDeregistrationProtectionResponse unprotect(
            DisableImageDeregistrationProtectionRequest request) {
        String id = request.imageId();
        LocalImage image = images.require(id);
        boolean coolsDown =
                PROTECTED_WITH_COOL_DOWN.equals(image.image().deregistrationProtection());
        Instant now = core.timeline().instant();
        Instant until = coolsDown ? now.plus(COOL_DOWN) : image.protectedUntil();
        boolean holds = now.isBefore(until);
        images.change(
                id,
                it ->
                        it.with(i ->
                                        i.deregistrationProtection(
                                                holds
                                                        ? COOLING + Ec2Times.iso(until)
                                                        : SimulatedImages.UNPROTECTED))
                                .protectedUntil(until));
        if (holds) {
            core.timeline().in(Duration.between(now, until), () -> cooledDown(id));
        }
        return DisableImageDeregistrationProtectionResponse.builder().returnValue("true").build();
    }

    private void cooledDown(String id) {
        boolean isOver =
                images.find(id)
                        .filter(it -> !core.timeline().instant().isBefore(it.protectedUntil()))
                        .map(it -> it.image().deregistrationProtection().startsWith(COOLING))
                        .orElse(false);
        if (isOver) {
            images.change(
                    id,
                    it -> it.with(i -> i.deregistrationProtection(SimulatedImages.UNPROTECTED)));
        }
    }

    DescribeImageAttributeResponse describeAttribute(DescribeImageAttributeRequest request) {
        LocalImage image = images.require(request.imageId());
        DescribeImageAttributeResponse.Builder answer =
                DescribeImageAttributeResponse.builder().imageId(image.id());
        switch (request.attribute()) {
            case LAUNCH_PERMISSION -> answer.launchPermissions(image.launchPermissions());
            case DESCRIPTION -> answer.description(v -> v.value(image.image().description()));
            case LAST_LAUNCHED_TIME ->
                    answer.lastLaunchedTime(v -> v.value(image.image().lastLaunchedTime()));
            case DEREGISTRATION_PROTECTION ->
                    answer.deregistrationProtection(
                            v -> v.value(image.image().deregistrationProtection()));
            default -> throw Ec2Errors.invalidValue("attribute " + request.attributeAsString());
        }
        return answer.build();
    }

    ModifyImageAttributeResponse modify(ModifyImageAttributeRequest request) {
        LocalImage image = images.require(request.imageId());
        List<LaunchPermission> adding = new ArrayList<>();
        List<LaunchPermission> removing = new ArrayList<>();
        if (request.launchPermission() != null) {
            adding.addAll(request.launchPermission().add());
            removing.addAll(request.launchPermission().remove());
        }
        (request.operationType() == OperationType.REMOVE ? removing : adding)
                .addAll(listed(request));
        if (!adding.isEmpty()) {
            checkSharing(image, adding);
        }
        List<LaunchPermission> permissions = new ArrayList<>(image.launchPermissions());
        permissions.removeAll(removing);
        adding.stream().filter(p -> !permissions.contains(p)).forEach(permissions::add);
        if (permissions.size() > MAX_PERMISSIONS) {
            throw Ec2Errors.wrong(
                    "ResourceLimitExceeded",
                    "An image has at most " + MAX_PERMISSIONS + " launch permissions");
        }
        images.change(image.id(), it -> it.shared(permissions));
        if (request.description() != null) {
            images.change(
                    image.id(), it -> it.with(i -> i.description(request.description().value())));
        }
        return ModifyImageAttributeResponse.builder().build();
    }

    private static List<LaunchPermission> listed(ModifyImageAttributeRequest request) {
        return Stream.of(
                        request.userIds().stream().map(id -> permission(p -> p.userId(id))),
                        request.userGroups().stream().map(id -> permission(p -> p.group(id))),
                        request.organizationArns().stream()
                                .map(id -> permission(p -> p.organizationArn(id))),
                        request.organizationalUnitArns().stream()
                                .map(id -> permission(p -> p.organizationalUnitArn(id))))
                .flatMap(permissions -> permissions)
                .toList();
    }

    private static LaunchPermission permission(Consumer<LaunchPermission.Builder> whom) {
        LaunchPermission.Builder permission = LaunchPermission.builder();
        whom.accept(permission);
        return permission.build();
    }

    /**
     * AWS says that it refuses to make a paid image public, but not with which code; this one is a
     * guess. Within its own account an image is copied with its product codes, whatever they are.
     *
     * @see <a
     *     href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyImageAttribute.html">
     *     ModifyImageAttribute</a>
     * @see <a href="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/CopyingAMIs.html">Copy an
     *     AMI</a>
     */
    private void checkSharing(LocalImage image, List<LaunchPermission> adding) {
        if (image.is(ImageState.DISABLED)) {
            throw Ec2Errors.imageUnavailable(image.id());
        }
        if (image.snapshots().stream().anyMatch(images.snapshots()::isUnderTheDefaultKey)) {
            throw Ec2Errors.notUnderTheDefaultKey();
        }
        for (LaunchPermission permission : adding) {
            String user = permission.userId();
            if (user != null && !core.isAccount(user)) {
                throw Ec2Errors.wrong(
                        "InvalidAMIAttributeItemValue",
                        "Invalid attribute item value \"" + user + "\" for userId item type.");
            }
        }
        boolean paid = !image.image().productCodes().isEmpty();
        if (paid && adding.stream().anyMatch(p -> "all".equals(p.groupAsString()))) {
            throw Ec2Errors.wrong(
                    "OperationNotPermitted",
                    "Images with an AWS Marketplace product code cannot be made public");
        }
    }
}
