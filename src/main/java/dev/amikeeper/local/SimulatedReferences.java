package dev.amikeeper.local;

import software.amazon.awssdk.services.ec2.model.DescribeImageReferencesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeImageReferencesResponse;
import software.amazon.awssdk.services.ec2.model.ImageReference;
import software.amazon.awssdk.services.ec2.model.ImageReferenceOptionName;
import software.amazon.awssdk.services.ec2.model.ImageReferenceResourceType;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.ResourceTypeOption;
import software.amazon.awssdk.services.ec2.model.ResourceTypeRequest;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * What uses the images of one Region as far as EC2 can tell: instances, launch templates and
 * parameters in the account and Region, but no Auto Scaling groups, launch configurations or
 * fleets.
 */
final class SimulatedReferences {
    private static final int MOST_IMAGES = 10;
    private static final int VERSIONS_UNLESS_ASKED = 10;
    private static final int MOST_VERSIONS = 10_000;
    private static final int PAGE_UNLESS_ASKED = 100;

    private static final Listing<ImageReference> LISTING =
            new Listing<>(it -> it.imageId() + " " + it.arn(), _ -> List.of(), Map.of());

    private final String region;
    private final CloudCore core;
    private final SimulatedInstances instances;
    private final SimulatedTemplates templates;
    private final Supplier<SimulatedSsm> ssm;

    SimulatedReferences(
            String region,
            CloudCore core,
            SimulatedInstances instances,
            SimulatedTemplates templates,
            Supplier<SimulatedSsm> ssm) {
        this.region = region;
        this.core = core;
        this.instances = instances;
        this.templates = templates;
        this.ssm = ssm;
    }

    DescribeImageReferencesResponse describe(DescribeImageReferencesRequest request) {
        boolean all = Boolean.TRUE.equals(request.includeAllResourceTypes());
        if (request.imageIds().isEmpty() || (!all && request.resourceTypes().isEmpty())) {
            throw Ec2Errors.wrong(
                    "MissingParameter", "Give image ids, and resource types or all of them.");
        }
        if (request.imageIds().size() > MOST_IMAGES) {
            throw Ec2Errors.invalidValue("At most " + MOST_IMAGES + " image ids in one request.");
        }
        Stream<ImageReference> references =
                request.imageIds().stream()
                        .sorted()
                        .distinct()
                        .flatMap(image -> references(image, request, all))
                        .sorted(Comparator.comparing(LISTING.key()));
        Listing.Page<ImageReference> page =
                LISTING.cut(
                        references,
                        Objects.requireNonNullElse(request.maxResults(), PAGE_UNLESS_ASKED),
                        request.nextToken());
        return DescribeImageReferencesResponse.builder()
                .imageReferences(page.items())
                .nextToken(page.nextToken())
                .build();
    }

    private Stream<ImageReference> references(
            String image, DescribeImageReferencesRequest request, boolean all) {
        Optional<ResourceTypeRequest> forInstances =
                asked(request, ImageReferenceResourceType.EC2_INSTANCE);
        Optional<ResourceTypeRequest> forTemplates =
                asked(request, ImageReferenceResourceType.EC2_LAUNCH_TEMPLATE);
        Stream<ImageReference> found = Stream.empty();
        if (all || forInstances.isPresent()) {
            List<String> states =
                    option(forInstances, ImageReferenceOptionName.STATE_NAME).toList();
            found =
                    instances.all().stream()
                            .filter(it -> image.equals(it.instance().imageId()))
                            .filter(it -> it.state() != InstanceStateName.TERMINATED)
                            .filter(it -> Listing.isAmong(states, it.state().toString()))
                            .map(it -> inEc2(image, "ec2:Instance", "instance/" + it.id()));
        }
        if (all || forTemplates.isPresent()) {
            int depth =
                    option(forTemplates, ImageReferenceOptionName.VERSION_DEPTH)
                            .mapToInt(Integer::parseInt)
                            .findFirst()
                            .orElse(VERSIONS_UNLESS_ASKED);
            if (depth < 1 || depth > MOST_VERSIONS) {
                throw Ec2Errors.invalidValue("version-depth is between 1 and " + MOST_VERSIONS);
            }
            Stream<ImageReference> inTemplates =
                    templates.using(image, depth).stream()
                            .map(id -> inEc2(image, "ec2:LaunchTemplate", "launch-template/" + id));
            found = Stream.concat(found, inTemplates);
        }
        if (all || asked(request, ImageReferenceResourceType.SSM_PARAMETER).isPresent()) {
            Stream<ImageReference> inParameters =
                    ssm.get().holding(image).stream()
                            .map(arn -> reference(image, "ssm:Parameter", arn));
            found = Stream.concat(found, inParameters);
        }
        return found;
    }

    private ImageReference inEc2(String image, String kind, String resource) {
        return reference(
                image, kind, "arn:aws:ec2:%s:%s:%s".formatted(region, core.account(), resource));
    }

    private static ImageReference reference(String image, String kind, String arn) {
        return ImageReference.builder().imageId(image).resourceType(kind).arn(arn).build();
    }

    private static Optional<ResourceTypeRequest> asked(
            DescribeImageReferencesRequest request, ImageReferenceResourceType type) {
        return request.resourceTypes().stream().filter(it -> it.resourceType() == type).findFirst();
    }

    private static Stream<String> option(
            Optional<ResourceTypeRequest> request, ImageReferenceOptionName name) {
        return request.stream()
                .flatMap(it -> it.resourceTypeOptions().stream())
                .filter(option -> option.optionName() == name)
                .map(ResourceTypeOption::optionValues)
                .flatMap(List::stream);
    }
}
